// Checksums of decoded pictures, comparable with those of other decoders.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decoder/frame.h"
#include "decoder/frame_map.h"

struct AVMD5;

namespace v4l2play {

/// MD5 over the visible rectangles of frames, in the order in which they are added: each as planes Y, Cb, Cr in the
/// sample depth of the stream; 8 bits as bytes, more as 16 bits little endian. That is what raw planar video files
/// hold, so `ffmpeg -f rawvideo` piped through md5sum gives the same digest, whatever layout the decoder has used.
class FrameHasher {
  public:
    explicit FrameHasher(Kernel& kernel = system_kernel());

    /// The digest of this frame alone, lower-case hexadecimal. Errors are those of FrameMapper::map, and EINVAL for a
    /// visible rectangle outside the picture.
    Result<std::string> add(const Frame& frame);
    /// The digest of all frames since the start, or since the last call; lower-case hexadecimal.
    std::string digest();

  private:
    struct Free {
        void operator()(AVMD5* md5) const;
    };
    using Md5 = std::unique_ptr<AVMD5, Free>;
    /// Which of the samples of an interleaved row are meant.
    struct Selection {
        unsigned component = 0;
        unsigned first = 0;
        unsigned step = 1;
    };

    void hash_plane(const FrameView& view, const Rect& rect, const Selection& selection);
    void hash_chroma(const FrameView& view, const Rect& rect);
    void update(const std::uint8_t* bytes, std::size_t size);

    FrameMapper mapper_;
    Md5 stream_;
    Md5 frame_;
    std::vector<std::uint8_t> row_;
};

} // namespace v4l2play
