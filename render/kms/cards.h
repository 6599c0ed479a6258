// The cards, connectors and modes of this machine: choosing among them, and telling a person what there is.
#pragma once

#include <string>
#include <vector>

#include "decoder/nanoseconds.h"
#include "decoder/result.h"
#include "render/kms/device.h"
#include "render/output.h"

namespace v4l2play {

/// What is asked for; empty strings leave the choice to the program.
struct KmsOptions {
    std::string card;                     ///< path ("/dev/dri/card1"), name ("card1"), driver ("vkms"), lease ("fd:7")
    std::string connector;                ///< "HDMI-A-1"
    std::vector<std::string> clones = {}; ///< other connectors of that card, which show the same
    std::string mode;                     ///< see `choose_mode`
    Rational content_rate{0, 1};          ///< frames per second, for the mode "content"; 0/1 unknown
    bool wait = false;                    ///< until a display is connected
    bool vrr = false;                     ///< the display waits for frames, where it can
    unsigned rotation = 0;                ///< of the picture, clockwise: 0, 90, 180, 270
    bool keyboards = false;               ///< are read, unless the terminal beneath does
    Seat* seat = nullptr;                 ///< through which cards are opened; null: directly
    VblankTiming before = {};             ///< of a card that went: vblanks are counted on from there
};

/// Opens the card that is asked for, or the one that is best for video: with a connected display, with planes that take
/// YUV. ENODEV when there is none, EACCES when none may be opened; the error says what was found.
Result<KmsDevice> open_card(Kernel& kernel, const KmsOptions& options);
/// The connector of that name, or the first that is connected. EINVAL or ENODEV, with what there is. Not one that is
/// claimed.
Result<const KmsConnector*> choose_connector(const KmsDevice& device, const std::string& asked);
/// The CRTC that drives the connector already, or one that can and is free. EBUSY when there is none. Not one that is
/// claimed.
Result<const KmsCrtc*> choose_crtc(const KmsDevice& device, const KmsConnector& connector);

/// A card as a person or a report sees it.
struct KmsCard {
    std::string path;
    std::string driver;
    std::string problem; ///< why it cannot be used; empty when it can
    std::vector<KmsConnector> connectors;
    std::vector<KmsPlane> planes;
};

/// All cards, usable or not. Does not disturb what is on the screen.
std::vector<KmsCard> list_kms_cards();
/// Lines for `v4l2play devices`.
std::vector<std::string> describe_kms_cards(const std::vector<KmsCard>& cards);
/// The answers to --card=help, --connector=help and --mode=help, one line each; errors come as a line too.
std::vector<std::string> card_choices();
std::vector<std::string> connector_choices(const KmsOptions& options);
std::vector<std::string> mode_choices(const KmsOptions& options);

} // namespace v4l2play
