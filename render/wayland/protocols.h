// The generated interfaces, those of them that this build has.
#pragma once

#include <wayland-client.h>

#include <linux-dmabuf-v1-client-protocol.h>
#include <presentation-time-client-protocol.h>
#include <viewporter-client-protocol.h>
#include <xdg-shell-client-protocol.h>

#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
#include <single-pixel-buffer-v1-client-protocol.h>
#endif
#ifdef HAVE_XDG_DECORATION_V1
#include <xdg-decoration-v1-client-protocol.h>
#endif
#ifdef HAVE_IDLE_INHIBIT_V1
#include <idle-inhibit-v1-client-protocol.h>
#endif
#ifdef HAVE_CONTENT_TYPE_V1
#include <content-type-v1-client-protocol.h>
#endif
#ifdef HAVE_LINUX_DRM_SYNCOBJ_V1
#include <linux-drm-syncobj-v1-client-protocol.h>
#endif
#ifdef HAVE_FIFO_V1
#include <fifo-v1-client-protocol.h>
#endif
#ifdef HAVE_COMMIT_TIMING_V1
#include <commit-timing-v1-client-protocol.h>
#endif
#ifdef HAVE_COLOR_REPRESENTATION_V1
#include <color-representation-v1-client-protocol.h>
#endif
#ifdef HAVE_COLOR_MANAGEMENT_V1
#include <color-management-v1-client-protocol.h>
#endif
#ifdef HAVE_FRACTIONAL_SCALE_V1
#include <fractional-scale-v1-client-protocol.h>
#endif
#ifdef HAVE_XDG_TOPLEVEL_ICON_V1
#include <xdg-toplevel-icon-v1-client-protocol.h>
#endif
#ifdef HAVE_DRM_LEASE_V1
#include <drm-lease-v1-client-protocol.h>
#endif
