#include "render/gles/yuv_drawing.h"

#include <cerrno>
#include <string>

#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>

#include "decoder/slot.h"
#include "render/convert.h"

namespace v4l2play {
namespace {

constexpr DrmFourcc fourcc_gr88 = drm_fourcc('G', 'R', '8', '8');
constexpr DrmFourcc fourcc_r16 = drm_fourcc('R', '1', '6', ' ');
constexpr DrmFourcc fourcc_gr1616 = drm_fourcc('G', 'R', '3', '2');

constexpr const char* vertex_shader = R"(
attribute vec2 corner;
varying vec2 place;
uniform vec4 visible;
uniform mat2 turn;
void main() {
    place = visible.xy + (turn * corner * 0.5 + 0.5) * visible.zw;
    gl_Position = vec4(corner, 0.0, 1.0);
})";

/// Nothing from outside the visible part: texels are taken from their middle on.
constexpr const char* fragment_shader = R"(
precision highp float;
varying vec2 place;
uniform sampler2D luma, chroma, chroma2;
uniform vec4 luma_edges, chroma_edges;
uniform mat3 weights;
uniform vec3 bias;
void main() {
    vec2 at = clamp(place, chroma_edges.xy, chroma_edges.zw);
    vec3 yuv = vec3(texture2D(luma, clamp(place, luma_edges.xy, luma_edges.zw)).r, CHROMA);
    gl_FragColor = vec4(weights * yuv + bias, 1.0);
})";
/// The driver makes RGB of it.
constexpr const char* whole_shader = R"(
#extension GL_OES_EGL_image_external : require
precision highp float;
varying vec2 place;
uniform samplerExternalOES picture;
uniform vec4 chroma_edges;
void main() {
    gl_FragColor = vec4(texture2D(picture, clamp(place, chroma_edges.xy, chroma_edges.zw)).rgb, 1.0);
})";
constexpr const char* interleaved = "texture2D(chroma, at).rg";
constexpr const char* planar = "texture2D(chroma, at).r, texture2D(chroma2, at).r";

std::string replaced(std::string text, const std::string& word, const char* by) {
    return text.replace(text.find(word), word.size(), by);
}

unsigned compile_shader(GLenum kind, const std::string& text) {
    const unsigned shader = glCreateShader(kind);
    const char* source = text.c_str();
    glShaderSource(shader, 1, &source, nullptr);
    glCompileShader(shader);
    return shader;
}

bool is_interleaved(DrmFourcc fourcc) { return fourcc != fourcc_yuv420; }

DrmFourcc sample_format(DrmFourcc fourcc, std::size_t component) {
    const bool two = is_interleaved(fourcc) && component == 1;
    if (fourcc == fourcc_p010) return two ? fourcc_gr1616 : fourcc_r16;
    return two ? fourcc_gr88 : fourcc_r8;
}

GlesPlane plane_of(const FrameFormat& format, const SlotMemory& memory, std::size_t component) {
    const ComponentLayout& layout = format.layout[component];
    const std::uint32_t divisor = component == 0 ? 1 : 2;
    return {memory.dmabuf[layout.memory_plane].get(),
            sample_format(format.fourcc, component),
            format.coded_width / divisor,
            format.coded_height / divisor,
            layout.offset,
            layout.pitch};
}

} // namespace

bool YuvDrawing::draws_planes(const FrameFormat& format) {
    const bool known = format.fourcc == fourcc_nv12 || format.fourcc == fourcc_yuv420 || format.fourcc == fourcc_p010;
    return known && format.modifier == modifier_linear;
}

Result<std::unique_ptr<YuvDrawing>> YuvDrawing::create(GlesContext& gles, const SlotPool& source,
                                                       const SlotPool& target, bool whole) {
    std::unique_ptr<YuvDrawing> painter(new YuvDrawing(gles, source, target, whole || !draws_planes(source.format())));
    V4L2PLAY_TRY(painter->compile());
    while (painter->sources_.size() < source.count()) V4L2PLAY_TRY(painter->add_source());
    while (painter->targets_.size() < target.count()) V4L2PLAY_TRY(painter->add_target());
    return painter;
}

void YuvDrawing::drop_sources() {
    for (const Source& source : sources_)
        glDeleteTextures(static_cast<GLsizei>(source.textures.size()), source.textures.data());
    sources_.clear();
}

YuvDrawing::~YuvDrawing() {
    drop_sources();
    for (const Target& target : targets_) {
        glDeleteFramebuffers(1, &target.framebuffer);
        glDeleteTextures(1, &target.texture);
    }
    glDeleteProgram(program_);
}

std::string YuvDrawing::fragment() const {
    if (whole_) return whole_shader;
    return replaced(fragment_shader, "CHROMA", is_interleaved(source_.format().fourcc) ? interleaved : planar);
}

Result<> YuvDrawing::compile() {
    program_ = glCreateProgram();
    const unsigned shaders[] = {compile_shader(GL_VERTEX_SHADER, vertex_shader),
                                compile_shader(GL_FRAGMENT_SHADER, fragment())};
    for (const unsigned shader : shaders) {
        glAttachShader(program_, shader);
        glDeleteShader(shader); // with the program
    }
    glBindAttribLocation(program_, 0, "corner");
    glLinkProgram(program_);
    GLint linked = 0;
    glGetProgramiv(program_, GL_LINK_STATUS, &linked);
    if (linked == 0) return fail(ENOTSUP, "GLES does not take our shaders", "glLinkProgram");
    glUseProgram(program_);
    constexpr const char* samplers[] = {"luma", "chroma", "chroma2"}; // that of the whole is 0, as all are at first
    for (GLint i = 0; i < 3; ++i) glUniform1i(glGetUniformLocation(program_, samplers[i]), i);
    return {};
}

Result<> YuvDrawing::add_source() {
    Source& source = sources_.emplace_back();
    const SlotMemory& memory = source_.memory(static_cast<std::uint32_t>(sources_.size() - 1));
    if (whole_) {
        const Result<unsigned> texture = gles_.import_whole(source_.format(), memory, colors_);
        if (!texture) return fail(texture.error());
        source.textures[0] = *texture;
        return {};
    }
    for (std::size_t i = 0; i < source_.format().components; ++i) {
        const Result<unsigned> texture = gles_.import(plane_of(source_.format(), memory, i));
        if (!texture) return fail(texture.error());
        source.textures[i] = *texture;
    }
    return {};
}

Result<> YuvDrawing::add_target() {
    Target& target = targets_.emplace_back();
    const FrameFormat& format = target_.format();
    const SlotMemory& memory = target_.memory(static_cast<std::uint32_t>(targets_.size() - 1));
    const Result<unsigned> texture = gles_.import(
        {memory.dmabuf[0].get(), fourcc_xrgb, format.coded_width, format.coded_height, 0, format.layout[0].pitch});
    if (!texture) return fail(texture.error());
    target.texture = *texture;
    glGenFramebuffers(1, &target.framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, target.framebuffer);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target.texture, 0);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE) return {};
    return fail(ENOTSUP, "GLES does not draw into the card's memory", "glCheckFramebufferStatus");
}

/// The integers of RgbMatrix, for samples and colours from 0 to 1. P010 has its ten bits above six that are 0.
void YuvDrawing::set_colors(const FrameInfo& info) const {
    const bool ten = source_.format().fourcc == fourcc_p010;
    const RgbMatrix matrix =
        make_rgb_matrix(effective_matrix(info.color, info.visible.height), info.color.full_range, ten ? 10 : 8);
    const float one = static_cast<float>(1U << matrix.shift);
    const float sample = ten ? 65535.0F / 64.0F / 255.0F : 1.0F; // of the greatest value, beside 8 bits
    GLfloat weights[9];                                          // column by column
    GLfloat bias[3];
    for (std::size_t row = 0; row < 3; ++row) {
        for (std::size_t column = 0; column < 3; ++column)
            weights[3 * column + row] = static_cast<float>(matrix.weight[row][column]) / one * sample;
        bias[row] = static_cast<float>(matrix.bias[row]) / one / 255.0F;
    }
    glUniformMatrix3fv(glGetUniformLocation(program_, "weights"), 1, GL_FALSE, weights);
    glUniform3fv(glGetUniformLocation(program_, "bias"), 1, bias);
}

/// They belong to the image that a texture is made of. What EGL has no name for is near to BT.601, or in no video.
void YuvDrawing::set_hints(const FrameInfo& info) {
    GlesColors colors;
    const std::uint8_t matrix = effective_matrix(info.color, info.visible.height);
    if (matrix == matrix_bt709) colors.matrix = GlesColors::Matrix::Bt709;
    if (matrix == matrix_bt2020) colors.matrix = GlesColors::Matrix::Bt2020;
    colors.full_range = info.color.full_range;
    if (colors == colors_) return;
    colors_ = colors;
    drop_sources();
}

void YuvDrawing::set_visible(const Rect& visible) const {
    const auto width = static_cast<float>(source_.format().coded_width);
    const auto height = static_cast<float>(source_.format().coded_height);
    const auto x = static_cast<float>(visible.x);
    const auto y = static_cast<float>(visible.y);
    const float right = x + static_cast<float>(visible.width);
    const float bottom = y + static_cast<float>(visible.height);
    const auto set_edges = [&](const char* name, float inset) {
        glUniform4f(glGetUniformLocation(program_, name), (x + inset) / width, (y + inset) / height,
                    (right - inset) / width, (bottom - inset) / height);
    };
    glUniform4f(glGetUniformLocation(program_, "visible"), x / width, y / height, (right - x) / width,
                (bottom - y) / height);
    set_edges("luma_edges", 0.5F);
    set_edges("chroma_edges", 1.0F);
}

/// From a corner of the target to that of the picture, column by column.
void YuvDrawing::set_turn(unsigned turn) const {
    constexpr GLfloat cosine[] = {1, 0, -1, 0};
    constexpr GLfloat sine[] = {0, 1, 0, -1};
    const unsigned quarters = turn / 90;
    const GLfloat matrix[] = {cosine[quarters], -sine[quarters], sine[quarters], cosine[quarters]};
    glUniformMatrix2fv(glGetUniformLocation(program_, "turn"), 1, GL_FALSE, matrix);
}

Result<UniqueFd> YuvDrawing::draw(const Frame& frame, unsigned turn, std::uint32_t target) {
    if (whole_) set_hints(frame.info);
    while (sources_.size() <= frame.slot.index()) V4L2PLAY_TRY(add_source()); // pools of decoders may grow
    const Source& source = sources_[frame.slot.index()];
    glUseProgram(program_);
    if (!whole_) set_colors(frame.info);
    set_visible(frame.info.visible);
    set_turn(turn);
    for (unsigned i = 0; i < source.textures.size(); ++i) {
        glActiveTexture(GL_TEXTURE0 + i);
        glBindTexture(whole_ ? GL_TEXTURE_EXTERNAL_OES : GL_TEXTURE_2D, source.textures[i]);
    }
    glBindFramebuffer(GL_FRAMEBUFFER, targets_[target].framebuffer);
    const FrameFormat& format = target_.format();
    glViewport(0, 0, static_cast<GLsizei>(format.coded_width), static_cast<GLsizei>(format.coded_height));
    constexpr GLfloat corners[] = {-1, -1, 1, -1, -1, 1, 1, 1};
    glEnableVertexAttribArray(0);
    glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, corners);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    UniqueFd fence = gles_.fence();
    if (glGetError() == GL_NO_ERROR) return fence;
    return fail(EIO, "GLES could not draw", "glDrawArrays");
}

} // namespace v4l2play
