// Makes NAL units out of syntax elements, for tests of what reads them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace v4l2play::test {

/// Bits, first to last.
class BitWriter {
  public:
    BitWriter& u(unsigned n, std::uint64_t value) {
        for (; n > 0; --n) bits_.push_back((value >> (n - 1) & 1) != 0);
        return *this;
    }
    BitWriter& ue(std::uint64_t value) {
        unsigned length = 0;
        while ((value + 1) >> (length + 1) != 0) ++length;
        return u(length, 0).u(length + 1, value + 1);
    }
    BitWriter& se(std::int64_t value) { return ue(static_cast<std::uint64_t>(value > 0 ? 2 * value - 1 : -2 * value)); }
    /// rbsp_trailing_bits()
    BitWriter& trailing() {
        u(1, 1);
        return u(static_cast<unsigned>((8 - bits_.size() % 8) % 8), 0);
    }

    [[nodiscard]] std::size_t size() const { return bits_.size(); }
    /// Keeps the first `size` bits.
    void cut(std::size_t size) { bits_.resize(size); }
    /// The bits as they are, filled up with zeros to whole bytes.
    [[nodiscard]] std::vector<std::uint8_t> bytes() const {
        std::vector<std::uint8_t> bytes((bits_.size() + 7) / 8);
        for (std::size_t i = 0; i < bits_.size(); ++i)
            bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | (bits_[i] ? 0x80U >> i % 8 : 0U));
        return bytes;
    }
    /// `bytes` with emulation prevention (7.4.1), in memory of exactly its size.
    [[nodiscard]] std::vector<std::uint8_t> nal() const {
        std::vector<std::uint8_t> nal;
        unsigned zeros = 0;
        for (const std::uint8_t byte : bytes()) {
            if (zeros >= 2 && byte <= 3) {
                nal.push_back(3);
                zeros = 0;
            }
            zeros = byte == 0 ? zeros + 1 : 0;
            nal.push_back(byte);
        }
        nal.shrink_to_fit();
        return nal;
    }

  private:
    std::vector<bool> bits_;
};

/// A syntax structure as a list of named elements, so that a test can change one of them.
class Structure {
  public:
    Structure& u(std::string name, unsigned n, std::int64_t value) { return add({std::move(name), n, 'u', value}); }
    Structure& flag(std::string name, bool value) { return u(std::move(name), 1, value ? 1 : 0); }
    Structure& ue(std::string name, std::int64_t value) { return add({std::move(name), 0, 'e', value}); }
    Structure& se(std::string name, std::int64_t value) { return add({std::move(name), 0, 's', value}); }
    Structure& append(const Structure& other) {
        elements_.insert(elements_.end(), other.elements_.begin(), other.elements_.end());
        return *this;
    }

    /// A copy in which the first element of that name has another value.
    [[nodiscard]] Structure with(const std::string& name, std::int64_t value) const {
        Structure copy = *this;
        copy.find(name)->value = value;
        return copy;
    }
    /// A copy in which `more` follows the first element of that name.
    [[nodiscard]] Structure after(const std::string& name, const Structure& more) const {
        Structure copy = *this;
        copy.elements_.insert(copy.find(name) + 1, more.elements_.begin(), more.elements_.end());
        return copy;
    }
    [[nodiscard]] Structure without(const std::string& name) const {
        Structure copy = *this;
        copy.elements_.erase(copy.find(name));
        return copy;
    }
    [[nodiscard]] BitWriter bits() const {
        BitWriter writer;
        for (const Element& element : elements_) {
            if (element.kind == 'u')
                writer.u(element.n, static_cast<std::uint64_t>(element.value));
            else if (element.kind == 'e')
                writer.ue(static_cast<std::uint64_t>(element.value));
            else
                writer.se(element.value);
        }
        return writer;
    }
    [[nodiscard]] std::vector<std::uint8_t> nal() const { return bits().trailing().nal(); }

  private:
    struct Element {
        std::string name;
        unsigned n = 0;
        char kind = 'u';
        std::int64_t value = 0;
    };

    Structure& add(Element element) {
        elements_.push_back(std::move(element));
        return *this;
    }
    std::vector<Element>::iterator find(const std::string& name) {
        const auto found =
            std::find_if(elements_.begin(), elements_.end(), [&](const Element& e) { return e.name == name; });
        if (found == elements_.end()) throw std::logic_error("no element " + name);
        return found;
    }

    std::vector<Element> elements_;
};

} // namespace v4l2play::test
