// SPDX-License-Identifier: Apache-2.0
//
// Message bodies as producers compress them.
// Runs on: any thread.  Owns: nothing.  Invariant: output grows as it is made, never by a length
// that the input claims.
#include "client/compression.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace bolide::client {
namespace {

constexpr int level = 5;  // as RocketMQ's own clients
constexpr std::size_t step_bytes = 64U << 10U;

Failure bad(std::string_view method) {
  return fail(Errc::malformed, "body compressed by " + std::string(method));
}

// Room for the next step behind what is there; false when the bound is passed.
bool grow(std::string* out, std::size_t used, std::size_t size_max) {
  if (used > size_max) return false;
  out->resize(std::min(size_max + 1, used + std::max(step_bytes, used)));
  return true;
}

Failure too_large(std::size_t size_max) {
  return fail(Errc::message_too_large,
              "inflated body of more than " + std::to_string(size_max) + " bytes");
}

Result<std::string> inflate_zlib(std::string_view body, std::size_t size_max) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return bad("zlib");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
  // zlib reads only, but its type for input is not const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  std::size_t used = 0;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    if (!grow(&out, used, size_max)) return too_large(size_max);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(out.size() - used);
    status = inflate(&stream, Z_NO_FLUSH);
    used = out.size() - stream.avail_out;
    const bool stuck = stream.avail_in == 0 && stream.avail_out > 0;
    if (status != Z_STREAM_END && (status != Z_OK || stuck)) return bad("zlib");
  }
  if (used > size_max) return too_large(size_max);
  out.resize(used);
  return out;
}

Result<std::string> inflate_lz4(std::string_view body, std::size_t size_max) {
  LZ4F_dctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) return bad("LZ4");
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> guard(
      context, &LZ4F_freeDecompressionContext);
  std::string out;
  std::size_t used = 0;
  std::size_t wanted = 1;  // 0: the frame has ended
  while (wanted != 0) {
    if (!grow(&out, used, size_max)) return too_large(size_max);
    std::size_t made = out.size() - used;
    std::size_t taken = body.size();
    wanted = LZ4F_decompress(context, out.data() + used, &made, body.data(), &taken, nullptr);
    if (LZ4F_isError(wanted)) return bad("LZ4");
    if (wanted != 0 && made == 0 && taken == 0) return bad("LZ4");
    used += made;
    body.remove_prefix(taken);
  }
  if (used > size_max) return too_large(size_max);
  out.resize(used);
  return out;
}

Result<std::string> inflate_zstd(std::string_view body, std::size_t size_max) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                          &ZSTD_freeDStream);
  std::string out;
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::size_t used = 0;
  std::size_t wanted = 1;  // 0: the frame has ended
  while (wanted != 0) {
    if (!grow(&out, used, size_max)) return too_large(size_max);
    ZSTD_outBuffer to{out.data() + used, out.size() - used, 0};
    const std::size_t taken_before = in.pos;
    wanted = ZSTD_decompressStream(stream.get(), &to, &in);
    if (ZSTD_isError(wanted) != 0) return bad("zstd");
    if (wanted != 0 && to.pos == 0 && in.pos == taken_before) return bad("zstd");
    used += to.pos;
  }
  if (used > size_max) return too_large(size_max);
  out.resize(used);
  return out;
}

// A method of compression that gave more than its own bound, or failed without memory, leaves the
// body as it is: empty says so.
std::string deflate_zlib(std::string_view body) {
  uLongf size = compressBound(static_cast<uLong>(body.size()));
  std::string out(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(body.data()),
                               static_cast<uLong>(body.size()), level);
  out.resize(status == Z_OK ? size : 0);
  return out;
}

std::string deflate_lz4(std::string_view body) {
  std::string out(LZ4F_compressFrameBound(body.size(), nullptr), '\0');
  const std::size_t size =
      LZ4F_compressFrame(out.data(), out.size(), body.data(), body.size(), nullptr);
  out.resize(LZ4F_isError(size) != 0 ? 0 : size);
  return out;
}

std::string deflate_zstd(std::string_view body) {
  std::string out(ZSTD_compressBound(body.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), level);
  out.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return out;
}

}  // namespace

std::string deflate_body(std::string_view body, Compression method) {
  std::string out;
  if (method == Compression::zlib) out = deflate_zlib(body);
  if (method == Compression::lz4) out = deflate_lz4(body);
  if (method == Compression::zstd) out = deflate_zstd(body);
  return out.empty() ? std::string(body) : out;
}

std::int32_t compression_flags(Compression method) {
  constexpr std::int32_t compressed = 1;
  switch (method) {
    case Compression::none: return 0;
    case Compression::zlib: return compressed | (3 << 8);
    case Compression::lz4: return compressed | (1 << 8);
    case Compression::zstd: return compressed | (2 << 8);
  }
  return 0;
}

Result<std::string> inflate_body(std::string_view body, int sys_flag, std::size_t size_max) {
  switch ((sys_flag >> 8) & 7) {
    case 0:
    case 3: return inflate_zlib(body, size_max);
    case 1: return inflate_lz4(body, size_max);
    case 2: return inflate_zstd(body, size_max);
    default: return bad("a method that is not known");
  }
}

}  // namespace bolide::client
