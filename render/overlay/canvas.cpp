#include "render/overlay/canvas.h"

#include <cmath>

namespace v4l2play {
namespace {

std::int32_t nearest_pixel(float edge) { return static_cast<std::int32_t>(std::ceil(edge - 0.5F)); }
bool is_whole(float value) { return std::fabs(value - std::nearbyint(value)) < 1.0F / 64; }

/// Reads the triangles of one draw list.
class Reader {
  public:
    Reader(const ImDrawList& list, Drawing& drawing)
        : list_(list)
        , drawing_(drawing) {}

    void read(const ImDrawCmd& command) {
        clip_ = {static_cast<std::int32_t>(command.ClipRect.x), static_cast<std::int32_t>(command.ClipRect.y),
                 static_cast<std::int32_t>(command.ClipRect.z), static_cast<std::int32_t>(command.ClipRect.w)};
        base_ = command.VtxOffset;
        const unsigned end = command.IdxOffset + command.ElemCount;
        for (unsigned at = command.IdxOffset; at < end;) {
            if (at + 6 <= end && add_rectangle(at)) {
                at += 6;
            } else {
                add_triangle(at);
                at += 3;
            }
        }
    }

  private:
    [[nodiscard]] const ImDrawVert& vertex(unsigned at) const {
        return list_.VtxBuffer[static_cast<int>(base_ + list_.IdxBuffer[static_cast<int>(at)])];
    }
    [[nodiscard]] float u_of(const ImDrawVert& vertex) const {
        return vertex.uv.x * static_cast<float>(drawing_.texture.width);
    }
    [[nodiscard]] float v_of(const ImDrawVert& vertex) const {
        return vertex.uv.y * static_cast<float>(drawing_.texture.height);
    }

    /// imgui's rectangles: left top, right top, right bottom, left bottom, as 0 1 2 0 2 3.
    bool add_rectangle(unsigned at) {
        const auto index = [&](unsigned i) { return list_.IdxBuffer[static_cast<int>(at + i)]; };
        if (index(0) != index(3) || index(2) != index(4)) return false;
        const ImDrawVert &a = vertex(at), &b = vertex(at + 1), &c = vertex(at + 2), &d = vertex(at + 5);
        const bool upright = a.pos.y == b.pos.y && b.pos.x == c.pos.x && c.pos.y == d.pos.y && d.pos.x == a.pos.x &&
                             a.pos.x <= c.pos.x && a.pos.y <= c.pos.y;
        if (!upright || a.col != b.col || a.col != c.col || a.col != d.col) return false;
        const Box box{nearest_pixel(a.pos.x), nearest_pixel(a.pos.y), nearest_pixel(c.pos.x), nearest_pixel(c.pos.y)};
        Shape shape{intersection(box, clip_), Shape::Kind::Fill, a.col, 0, 0, 0};
        if (a.uv.x != c.uv.x || a.uv.y != c.uv.y) {
            if (!is_one_to_one(a, c)) return false;
            shape.kind = Shape::Kind::Stamp;
            shape.u = static_cast<std::int32_t>(std::lround(u_of(a))) + shape.box.left - box.left;
            shape.v = static_cast<std::int32_t>(std::lround(v_of(a))) + shape.box.top - box.top;
        }
        if (!shape.box.empty()) drawing_.shapes.push_back(shape);
        return true;
    }

    /// Whether texels fall on pixels.
    [[nodiscard]] bool is_one_to_one(const ImDrawVert& a, const ImDrawVert& c) const {
        return is_whole(a.pos.x) && is_whole(a.pos.y) && is_whole(u_of(a)) && is_whole(v_of(a)) &&
               std::fabs(u_of(c) - u_of(a) - (c.pos.x - a.pos.x)) < 1.0F / 64 &&
               std::fabs(v_of(c) - v_of(a) - (c.pos.y - a.pos.y)) < 1.0F / 64;
    }

    void add_triangle(unsigned at) {
        std::array<Vertex, 3> corners;
        for (unsigned i = 0; i < 3; ++i) {
            const ImDrawVert& from = vertex(at + i);
            corners[i] = {from.pos.x, from.pos.y, u_of(from), v_of(from), from.col};
        }
        const auto [low_x, high_x] = std::minmax({corners[0].x, corners[1].x, corners[2].x});
        const auto [low_y, high_y] = std::minmax({corners[0].y, corners[1].y, corners[2].y});
        const auto below = [](float value) { return static_cast<std::int32_t>(std::floor(value)); };
        const Box box = intersection({below(low_x), below(low_y), below(high_x) + 1, below(high_y) + 1}, clip_);
        if (box.empty()) return;
        drawing_.shapes.push_back(
            {box, Shape::Kind::Triangle, 0, 0, 0, static_cast<std::uint32_t>(drawing_.triangles.size())});
        drawing_.triangles.push_back(corners);
    }

    const ImDrawList& list_;
    Drawing& drawing_;
    Box clip_;
    unsigned base_ = 0;
};

int letter_size(double units, float scale) { return static_cast<int>(std::lround(units * static_cast<double>(scale))); }

} // namespace

void collect_shapes(const ImDrawData& data, Drawing& drawing) {
    drawing.clear();
    for (int i = 0; i < data.CmdListsCount; ++i) {
        const ImDrawList& list = *data.CmdLists[i];
        Reader reader(list, drawing);
        for (const ImDrawCmd& command : list.CmdBuffer)
            if (command.UserCallback == nullptr) reader.read(command);
    }
}

Canvas::Canvas(float scale)
    : scale_(scale)
    , small_(letters_.add(letter_size(7.5, scale), 0.125))
    , normal_(letters_.add(letter_size(9, scale), 0.13))
    , large_(letters_.add(letter_size(12, scale), 0.13))
    , context_(nullptr, ImGui::DestroyContext) {
    letters_.build();
    context_.reset(ImGui::CreateContext(letters_.get()));
    ImGui::SetCurrentContext(context_.get());
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = io.LogFilename = nullptr;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    ImGuiStyle& style = ImGui::GetStyle();
    style.WindowPadding = ImVec2(0, 0);
    style.WindowBorderSize = 0;
    style.AntiAliasedLinesUseTex = false;
    ImFontAtlas& atlas = *letters_.get();
    drawing_.texture = {atlas.TexPixelsAlpha8, atlas.TexWidth, atlas.TexHeight};
}

Canvas::~Canvas() { context_.reset(); }

void Canvas::begin(std::uint32_t width, std::uint32_t height) {
    ImGui::SetCurrentContext(context_.get());
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = ImVec2(static_cast<float>(width), static_cast<float>(height));
    io.DeltaTime = 1.0F / 60; // nothing moves by itself
    ImGui::NewFrame();
    ImGui::SetNextWindowPos(ImVec2(0, 0));
    ImGui::SetNextWindowSize(io.DisplaySize);
    ImGui::Begin("page", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoInputs | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoMove);
}

const Drawing& Canvas::end() {
    ImGui::End();
    ImGui::Render();
    collect_shapes(*ImGui::GetDrawData(), drawing_);
    return drawing_;
}

} // namespace v4l2play
