// Elementary streams: no container, so no time stamps, and no index.
#pragma once

#include <memory>
#include <optional>

#include "app/key_index.h"
#include "decoder/access_unit.h"

struct AVCodecContext;
struct AVCodecParserContext;
struct AVFormatContext;
struct AVPacket;
struct AVStream;

namespace v4l2play {

/// Counts the pictures of an elementary stream. Of times a unit gets its `dts` only, pictures being one behind the
/// other at the rate of the stream; the second field of a frame has none. When they are shown is for the decoder's
/// order of output to say (PictureTimes).
class RawStream {
  public:
    /// Nothing when there is a container, or libavformat counts right (no picture is shown before another).
    static std::unique_ptr<RawStream> of(const AVFormatContext& context, const AVStream& stream);
    RawStream(const RawStream&) = delete;
    RawStream& operator=(const RawStream&) = delete;
    ~RawStream();

    /// As the bitstream has it; 25 when it does not tell, as libavformat has it.
    [[nodiscard]] Rational frame_rate() const { return rate_; }
    /// Gives `unit`, made of `packet`, its times, and notes in `keys` where one can start. False when it is not to be
    /// decoded: after a seek, what is shown before the key picture refers to what lies before that.
    bool take(const AVPacket& packet, AccessUnit& unit, KeyIndex& keys);
    /// Goes on from the start of the file, or from a key picture.
    void go_on(const std::optional<KeyIndex::Entry>& from);

  private:
    /// Of the last access unit.
    struct Look {
        bool intra = false;
        bool is_field = false;
        bool bottom = false;
        bool b = false;
        int order = 0;  ///< of display, from key picture to key picture
        int fields = 2; ///< how long it is shown, in halves of a frame
    };
    /// A key picture whose place in the order of display is not known yet.
    struct Candidate {
        std::int64_t fields = 0; ///< when it is shown, as far as seen
        std::int64_t position = 0;
        int order = 0;
    };

    explicit RawStream(const AVStream& stream);
    Look look_at(const AVPacket& packet);
    bool is_second_field(const Look& look);
    [[nodiscard]] bool leads(const Look& look) const;
    [[nodiscard]] Nanoseconds time_of(std::int64_t fields) const;

    AVCodecContext* codec_ = nullptr;
    AVCodecParserContext* parser_ = nullptr; ///< null when there is none for the codec
    Rational rate_{25, 1};
    bool has_order_ = false; ///< the parser tells the order of display
    std::int64_t fields_ = 0;
    std::optional<Candidate> key_;
    std::optional<bool> first_field_; ///< the last unit was a first field; true: bottom
    bool left_out_ = false;           ///< so was its frame
    std::optional<std::int64_t> expected_;
    bool skip_leading_ = false;
};

} // namespace v4l2play
