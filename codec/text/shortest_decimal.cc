#include "ringpeer/codec/text/shortest_decimal.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace ringpeer {
namespace {

// A number f * 2^e with a 64-bit f.
struct Extended {
  std::uint64_t f;
  int e;
};

struct CachedPower {
  std::uint64_t f;
  int e;
  int decimal_exponent;
};

// 10^k, rounded to 64 bits, for every eighth k: between two of them lie no more than
// 2^28, which keeps a scaled number's exponent between kLowest and kLowest + 28.
constexpr int kFirstPower = -300;
constexpr int kPowerStep = 8;
constexpr int kLowestScaledExponent = -60;
constexpr CachedPower kCachedPowers[] = {
    {0xab70fe17c79ac6cau, -1060, -300}, {0xff77b1fcbebcdc4fu, -1034, -292},
    {0xbe5691ef416bd60cu, -1007, -284}, {0x8dd01fad907ffc3cu, -980, -276},
    {0xd3515c2831559a83u, -954, -268},  {0x9d71ac8fada6c9b5u, -927, -260},
    {0xea9c227723ee8bcbu, -901, -252},  {0xaecc49914078536du, -874, -244},
    {0x823c12795db6ce57u, -847, -236},  {0xc21094364dfb5637u, -821, -228},
    {0x9096ea6f3848984fu, -794, -220},  {0xd77485cb25823ac7u, -768, -212},
    {0xa086cfcd97bf97f4u, -741, -204},  {0xef340a98172aace5u, -715, -196},
    {0xb23867fb2a35b28eu, -688, -188},  {0x84c8d4dfd2c63f3bu, -661, -180},
    {0xc5dd44271ad3cdbau, -635, -172},  {0x936b9fcebb25c996u, -608, -164},
    {0xdbac6c247d62a584u, -582, -156},  {0xa3ab66580d5fdaf6u, -555, -148},
    {0xf3e2f893dec3f126u, -529, -140},  {0xb5b5ada8aaff80b8u, -502, -132},
    {0x87625f056c7c4a8bu, -475, -124},  {0xc9bcff6034c13053u, -449, -116},
    {0x964e858c91ba2655u, -422, -108},  {0xdff9772470297ebdu, -396, -100},
    {0xa6dfbd9fb8e5b88fu, -369, -92},   {0xf8a95fcf88747d94u, -343, -84},
    {0xb94470938fa89bcfu, -316, -76},   {0x8a08f0f8bf0f156bu, -289, -68},
    {0xcdb02555653131b6u, -263, -60},   {0x993fe2c6d07b7facu, -236, -52},
    {0xe45c10c42a2b3b06u, -210, -44},   {0xaa242499697392d3u, -183, -36},
    {0xfd87b5f28300ca0eu, -157, -28},   {0xbce5086492111aebu, -130, -20},
    {0x8cbccc096f5088ccu, -103, -12},   {0xd1b71758e219652cu, -77, -4},
    {0x9c40000000000000u, -50, 4},      {0xe8d4a51000000000u, -24, 12},
    {0xad78ebc5ac620000u, 3, 20},       {0x813f3978f8940984u, 30, 28},
    {0xc097ce7bc90715b3u, 56, 36},      {0x8f7e32ce7bea5c70u, 83, 44},
    {0xd5d238a4abe98068u, 109, 52},     {0x9f4f2726179a2245u, 136, 60},
    {0xed63a231d4c4fb27u, 162, 68},     {0xb0de65388cc8ada8u, 189, 76},
    {0x83c7088e1aab65dbu, 216, 84},     {0xc45d1df942711d9au, 242, 92},
    {0x924d692ca61be758u, 269, 100},    {0xda01ee641a708deau, 295, 108},
    {0xa26da3999aef774au, 322, 116},    {0xf209787bb47d6b85u, 348, 124},
    {0xb454e4a179dd1877u, 375, 132},    {0x865b86925b9bc5c2u, 402, 140},
    {0xc83553c5c8965d3du, 428, 148},    {0x952ab45cfa97a0b3u, 455, 156},
    {0xde469fbd99a05fe3u, 481, 164},    {0xa59bc234db398c25u, 508, 172},
    {0xf6c69a72a3989f5cu, 534, 180},    {0xb7dcbf5354e9beceu, 561, 188},
    {0x88fcf317f22241e2u, 588, 196},    {0xcc20ce9bd35c78a5u, 614, 204},
    {0x98165af37b2153dfu, 641, 212},    {0xe2a0b5dc971f303au, 667, 220},
    {0xa8d9d1535ce3b396u, 694, 228},    {0xfb9b7cd9a4a7443cu, 720, 236},
    {0xbb764c4ca7a44410u, 747, 244},    {0x8bab8eefb6409c1au, 774, 252},
    {0xd01fef10a657842cu, 800, 260},    {0x9b10a4e5e9913129u, 827, 268},
    {0xe7109bfba19c0c9du, 853, 276},    {0xac2820d9623bf429u, 880, 284},
    {0x80444b5e7aa7cf85u, 907, 292},    {0xbf21e44003acdd2du, 933, 300},
    {0x8e679c2f5e44ff8fu, 960, 308},    {0xd433179d9c8cb841u, 986, 316},
    {0x9e19db92b4e31ba9u, 1013, 324},
};

// The upper half, rounded. In four products, as not every compiler has a type of 128 bits.
Extended product(const Extended& a, const Extended& b) {
  constexpr std::uint64_t kLow = 0xffffffff;
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 31;
  const std::uint64_t low_low = (a.f & kLow) * (b.f & kLow);
  const std::uint64_t low_high = (a.f & kLow) * (b.f >> 32);
  const std::uint64_t high_low = (a.f >> 32) * (b.f & kLow);
  const std::uint64_t middle = (low_low >> 32) + (low_high & kLow) + (high_low & kLow) + kHalf;
  const std::uint64_t high =
      (a.f >> 32) * (b.f >> 32) + (low_high >> 32) + (high_low >> 32) + (middle >> 32);
  return {high, a.e + b.e + 64};
}

Extended normalized(const Extended& x) {
  const int shift = std::countl_zero(x.f);
  return {x.f << shift, x.e - shift};
}

// A number and the midpoints to its neighbours, all with one exponent.
struct Interval {
  Extended low;
  Extended value;
  Extended high;
};

template <typename Float>
Interval interval_of(Float value) {
  using Bits = std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>;
  constexpr int kPrecision = std::numeric_limits<Float>::digits;
  constexpr int kBias = std::numeric_limits<Float>::max_exponent - 1 + (kPrecision - 1);
  constexpr std::uint64_t kHidden = std::uint64_t{1} << (kPrecision - 1);

  const std::uint64_t bits = std::bit_cast<Bits>(value);
  const std::uint64_t exponent = bits >> (kPrecision - 1);
  const std::uint64_t fraction = bits & (kHidden - 1);
  const Extended exact = exponent == 0
                             ? Extended{fraction, 1 - kBias}
                             : Extended{fraction + kHidden, static_cast<int>(exponent) - kBias};
  // Below a power of two the neighbours are twice as close.
  const bool closer_below = fraction == 0 && exponent > 1;
  const Extended low = closer_below ? Extended{4 * exact.f - 1, exact.e - 2}
                                    : Extended{2 * exact.f - 1, exact.e - 1};
  const Extended high = normalized({2 * exact.f + 1, exact.e - 1});
  return {{low.f << (low.e - high.e), high.e}, normalized(exact), high};
}

const CachedPower& power_for(int binary_exponent) {
  // The smallest k with 10^k * 2^(e + 64) >= 2^kLowestScaledExponent; 78913 / 2^18
  // approximates log10(2).
  const int wanted = kLowestScaledExponent - binary_exponent - 1;
  const int k = wanted * 78913 / (1 << 18) + (wanted > 0 ? 1 : 0);
  return kCachedPowers[(-kFirstPower + k + kPowerStep - 1) / kPowerStep];
}

// The digits of a number and the power of ten that they are multiplied with.
struct Digits {
  char digit[std::numeric_limits<double>::max_digits10 + 1];
  int count = 0;
  int exponent = 0;

  void append(std::uint64_t value) { digit[count++] = static_cast<char>('0' + value); }

  // Moves the last digit towards the number itself, as long as the result stays
  // between the neighbours.
  void approach(std::uint64_t distance, std::uint64_t delta, std::uint64_t rest,
                std::uint64_t unit) {
    while (rest < distance && delta - rest >= unit &&
           (rest + unit < distance || distance - rest > rest + unit - distance)) {
      --digit[count - 1];
      rest += unit;
    }
  }
};

struct Leading {
  std::uint32_t power;
  int digits;
};

Leading leading_power(std::uint32_t value) {
  Leading leading{1, 1};
  while (value / leading.power >= 10) {
    leading.power *= 10;
    ++leading.digits;
  }
  return leading;
}

Digits generate(const Extended& low, const Extended& value, const Extended& high, int exponent) {
  Digits digits;
  digits.exponent = exponent;
  std::uint64_t delta = high.f - low.f;
  std::uint64_t distance = high.f - value.f;
  const int shift = -high.e;
  const std::uint64_t one = std::uint64_t{1} << shift;
  auto whole = static_cast<std::uint32_t>(high.f >> shift);
  std::uint64_t fraction = high.f & (one - 1);

  Leading leading = leading_power(whole);
  for (int left = leading.digits; left > 0; leading.power /= 10) {
    digits.append(whole / leading.power);
    whole %= leading.power;
    --left;
    const std::uint64_t rest = (static_cast<std::uint64_t>(whole) << shift) + fraction;
    if (rest <= delta) {
      digits.exponent += left;
      digits.approach(distance, delta, rest, static_cast<std::uint64_t>(leading.power) << shift);
      return digits;
    }
  }
  do {
    fraction *= 10;
    delta *= 10;
    distance *= 10;
    digits.append(fraction >> shift);
    fraction &= one - 1;
    --digits.exponent;
  } while (fraction > delta);
  digits.approach(distance, delta, fraction, one);
  return digits;
}

template <typename Float>
Digits digits_of(Float value) {
  const Interval interval = interval_of(value);
  const CachedPower& power = power_for(interval.high.e);
  const Extended scale{power.f, power.e};
  const Extended low = product(interval.low, scale);
  const Extended scaled = product(interval.value, scale);
  const Extended high = product(interval.high, scale);
  // The products are off by less than one: one inside is safe.
  return generate({low.f + 1, low.e}, scaled, {high.f - 1, high.e}, -power.decimal_exponent);
}

void append_exponent(std::string* text, int exponent) {
  text->push_back('e');
  text->push_back(exponent < 0 ? '-' : '+');
  const std::string number = std::to_string(exponent < 0 ? -exponent : exponent);
  if (number.size() < 2) text->push_back('0');
  text->append(number);
}

void append_digits(std::string* text, const Digits& digits) {
  // Godot's limits of plain notation: 0.0001 and 15 digits before the point.
  constexpr int kSmallestPlain = -4;
  constexpr int kMaxPlain = 15;
  const std::string_view shown(digits.digit, static_cast<std::size_t>(digits.count));
  const int point = digits.count + digits.exponent;
  if (digits.exponent >= 0 && point <= kMaxPlain) {
    text->append(shown);
    text->append(static_cast<std::size_t>(digits.exponent), '0');
  } else if (point > 0 && point <= kMaxPlain) {
    text->append(shown.substr(0, static_cast<std::size_t>(point)));
    text->push_back('.');
    text->append(shown.substr(static_cast<std::size_t>(point)));
  } else if (point > kSmallestPlain && point <= 0) {
    text->append("0.");
    text->append(static_cast<std::size_t>(-point), '0');
    text->append(shown);
  } else {
    text->push_back(shown[0]);
    if (shown.size() > 1) {
      text->push_back('.');
      text->append(shown.substr(1));
    }
    append_exponent(text, point - 1);
  }
}

template <typename Float>
void append_any(std::string* text, Float value) {
  if (value == 0) {
    text->push_back('0');
    return;
  }
  if (value < 0) text->push_back('-');
  append_digits(text, digits_of(value < 0 ? -value : value));
}

}  // namespace

void append_decimal(std::string* text, float value) { append_any(text, value); }

void append_decimal(std::string* text, double value) { append_any(text, value); }

}  // namespace ringpeer
