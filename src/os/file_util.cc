// SPDX-License-Identifier: Apache-2.0
//
// Whole files, over the seam.
// Runs on: any agent that may wait for the disk.  Owns: nothing.
// Invariant: a crash at any point of replace_file leaves the old or the new content.
#include "os/file_system.h"
#include "os/path.h"

#include <algorithm>

namespace bolide::os {
namespace {

constexpr std::uint64_t read_step_min = 4096;

Result<> write_durably(FileSystem& fs, const std::string& path, std::string_view content) {
  BOLIDE_TRY(const auto file, fs.open(path, OpenMode::create));
  // A crash may have left an earlier attempt.
  BOLIDE_CHECK(file->truncate(0));
  BOLIDE_CHECK(file->write(0, content));
  return file->sync();
}

}  // namespace

Result<std::string> read_file(FileSystem& fs, const std::string& path, std::uint64_t size_max) {
  BOLIDE_TRY(const auto file, fs.open(path, OpenMode::read));
  BOLIDE_TRY(const std::uint64_t size, file->size());
  std::string content;
  // Read to the end instead of trusting the size: files of /proc say 0, others may grow meanwhile.
  for (std::uint64_t step = std::min(size, size_max) + 1;; step *= 2) {
    const std::size_t at = content.size();
    const auto wanted = static_cast<std::size_t>(std::max(step, read_step_min));
    content.resize(at + wanted);
    BOLIDE_TRY(const std::size_t n, file->read(at, content.data() + at, wanted));
    content.resize(at + n);
    if (content.size() > size_max)
      return fail(Errc::malformed,
                  "read " + path + ": larger than " + std::to_string(size_max) + " bytes");
    if (n < wanted) return content;
  }
}

Result<> replace_file(FileSystem& fs, const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  Result<> replaced = write_durably(fs, temporary, content);
  if (replaced) replaced = fs.rename(temporary, path);
  if (!replaced) {
    // Best effort: what is left over would be overwritten by the next attempt.
    (void)fs.remove(temporary);
    return replaced;
  }
  return fs.sync_directory(parent_directory(path));
}

}  // namespace bolide::os
