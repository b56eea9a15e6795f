#include "base/tar.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.hpp"

using wasmctl::Code;
using wasmctl::Error;
using wasmctl::base::read_tar;
using wasmctl::base::TarEntry;

namespace {

std::string tar_of_file(std::string_view name, std::string_view bytes) {
  auto frame = wasmctl::base::tar_frame(name, bytes.size());
  return frame.head.append(bytes) + frame.tail;
}

// An archive as other tools write them, from tar_of_file's: another type and size, the checksum
// made right again.
std::string entry(char type, std::string_view name, std::string_view bytes) {
  auto archive = tar_of_file(name, bytes);
  archive.resize(archive.size() - 1024);  // without the end's mark
  archive[156] = type;
  return archive;
}

std::string with_right_checksum(std::string archive) {
  archive.replace(148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(archive[i]);
  archive.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return archive;
}

std::string entry_of_type(char type, std::string_view name, std::string_view bytes) {
  return with_right_checksum(entry(type, name, bytes));
}

// A sparse file of GNU's: a block of its map stands before its content.
std::string gnu_sparse(std::string_view name, std::string_view bytes) {
  auto archive = entry('S', name, bytes);
  archive.replace(257, 8, std::string_view("ustar  \0", 8));
  archive[482] = 1;
  archive = with_right_checksum(archive);
  archive.insert(512, std::string(512, '\0'));
  return archive;
}

std::string field_set(std::size_t offset, std::string_view value) {
  auto archive = tar_of_file("a", "content");
  archive.replace(offset, value.size(), value);
  return with_right_checksum(archive);
}

// "name:type:content" of each entry.
std::vector<std::string> list(const std::string& archive) {
  std::vector<std::string> entries;
  read_tar(archive, [&](const TarEntry& found) {
    entries.push_back(fmt::format("{}:{}:{}", found.name, to_string(found.type), found.bytes));
    return true;
  });
  return entries;
}

std::string refusal(const std::string& archive) {
  try {
    list(archive);
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == Code::bad_input);
    return error.message();
  }
}

using Entries = std::vector<std::string>;

}  // namespace

TEST_CASE("tar_frame is the header that the standard describes") {
  const auto archive = tar_of_file("plugin.wasm", "\0asm");
  CHECK(archive.size() == 512 + 0 + 1024);  // "\0asm" is an empty C string
  const auto module = tar_of_file("plugin.wasm", std::string_view("\0asm", 4));
  CHECK(module.size() == 512 + 512 + 1024);
  CHECK(module.substr(0, 12) == std::string("plugin.wasm\0", 12));
  CHECK(module.substr(100, 48) == std::string("0000644\0"
                                              "0000000\0"
                                              "0000000\0"
                                              "00000000004\0"
                                              "00000000000\0",
                                              48));
  CHECK(module.substr(156, 1) == "0");
  CHECK(module.substr(257, 8) == std::string("ustar\00000", 8));
  CHECK(module == tar_of_file("plugin.wasm", std::string_view("\0asm", 4)));
}

TEST_CASE("read_tar gives back what was framed") {
  for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 100000U}) {
    CAPTURE(size);
    const std::string bytes(size, 'w');
    CHECK(list(tar_of_file("plugin.wasm", bytes)) == Entries{"plugin.wasm:a file:" + bytes});
  }
}

TEST_CASE("read_tar reads what other tools write") {
  const std::string end(1024, '\0');
  const std::string long_name(150, 'n');
  const struct {
    const char* name;
    std::string archive;
    Entries want;
  } cases[] = {
      {"empty", end, {}},
      {"nothing at all", "", {}},
      {"no end mark", entry_of_type('0', "a", "1"), {"a:a file:1"}},
      {"two files",
       entry_of_type('0', "a", "1") + entry_of_type('0', "b", "2") + end,
       {"a:a file:1", "b:a file:2"}},
      {"old type", entry_of_type('\0', "a", "1") + end, {"a:a file:1"}},
      {"directory and link",
       entry_of_type('5', "d/", "") + entry_of_type('2', "l", "") + end,
       {"d/:a directory:", "l:a link:"}},
      {"GNU long name",
       entry_of_type('L', "././@LongLink", long_name) + entry_of_type('0', "n", "1"),
       {long_name + ":a file:1"}},
      {"pax path",
       entry_of_type('x', "PaxHeader", "12 path=pax\n") + entry_of_type('0', "n", "1"),
       {"pax:a file:1"}},
      {"pax for one entry only",
       entry_of_type('x', "PaxHeader", "12 path=pax\n") + entry_of_type('0', "n", "1") +
           entry_of_type('0', "m", "2"),
       {"pax:a file:1", "m:a file:2"}},
      {"pax size",
       entry_of_type('x', "PaxHeader", "9 size=2\n") + entry_of_type('0', "n", "123"),
       {"n:a file:12"}},
      {"pax of the archive",
       entry_of_type('g', "g", "16 comment=text\n") + entry_of_type('0', "n", "1"),
       {"g:a header of the whole archive:", "n:a file:1"}},
      {"pax of the archive with a path: a name of its own, and not the next entry's",
       entry_of_type('x', "x", "12 path=pax\n") + entry_of_type('g', "g", "10 path=a\n") +
           entry_of_type('0', "n", "1"),
       {"a:a header of the whole archive:", "n:a file:1"}},
      {"of two pax headers the last",
       entry_of_type('x', "x", "12 path=pax\n") + entry_of_type('x', "x", "9 size=1\n") +
           entry_of_type('0', "n", "123"),
       {"n:a file:1"}},
      {"empty pax path",
       entry_of_type('x', "x", "8 path=\n") + entry_of_type('0', "n", "1"),
       {"n:a file:1"}},
      {"GNU long name before pax path",
       entry_of_type('L', "L", "gnu") + entry_of_type('x', "x", "12 path=pax\n") +
           entry_of_type('0', "n", "1"),
       {"gnu:a file:1"}},
      {"types that nobody knows",
       entry_of_type('Z', "z", "1") + entry_of_type('V', "v", "2") + entry_of_type('7', "c", "3"),
       {"z:a file:1", "v:a file:2", "c:a file:3"}},
      {"a directory has no content, whatever its size",
       entry_of_type('5', "d", std::string(512, 'x')).substr(0, 512) + entry_of_type('0', "n", "1"),
       {"d:a directory:", "n:a file:1"}},
      {"so have links, devices and pipes",
       entry_of_type('1', "h", "123").substr(0, 512) + entry_of_type('3', "c", "1").substr(0, 512) +
           entry_of_type('6', "p", "1").substr(0, 512),
       {"h:a link:", "c:a device or pipe:", "p:a device or pipe:"}},
      {"a directory of old", entry_of_type('\0', "d/", ""), {"d/:a directory:"}},
      {"sparse in the form of a later version is none",
       entry_of_type('x', "x", "22 GNU.sparse.major=9\n21 GNU.sparse.name=s\n") +
           entry_of_type('0', "n", "1"),
       {"n:a file:1"}},
      // One number that is empty: as good as no map.
      {"a sparse map of nothing",
       entry_of_type('x', "x", "22 GNU.sparse.offset=\n") + entry_of_type('0', "n", "1"),
       {"n:a file:1"}},
      {"prefix", field_set(345, "very/long"), {"very/long/a:a file:content"}},
      {"base 256 size",
       field_set(124, std::string("\x80\0\0\0\0\0\0\0\0\0\0\x07", 12)),
       {"a:a file:content"}},
      {"content not padded", entry_of_type('0', "a", "1").substr(0, 513), {"a:a file:1"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(list(c.archive) == c.want);
  }
}

TEST_CASE("read_tar hands out a sparse file, and nothing after it") {
  const auto sparse = [](const std::string& records) {
    return entry_of_type('x', "x", records) + entry_of_type('0', "n", "1");
  };
  const std::pair<std::string, const char*> cases[] = {
      {gnu_sparse("s", "1"), "s"},
      {sparse("22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n21 GNU.sparse.name=s\n"), "s"},
      {sparse("22 GNU.sparse.map=0,1\n"), "n"},
      {sparse("23 GNU.sparse.offset=0\n25 GNU.sparse.numbytes=1\n"), "n"},
      {sparse("22 GNU.sparse.offset=\n24 GNU.sparse.numbytes=\n"), "n"},
  };
  for (const auto& [archive, name] : cases) {
    CAPTURE(archive);
    Entries seen;
    const auto read = [&] {
      read_tar(archive + entry_of_type('0', "m", "2"), [&](const TarEntry& found) {
        seen.push_back(fmt::format("{}:{}", found.name, to_string(found.type)));
        return true;
      });
    };
    CHECK_THROWS_AS(read(), Error);
    CHECK(seen == Entries{fmt::format("{}:a sparse file", name)});
  }
}

TEST_CASE("read_tar stops when told") {
  int seen = 0;
  read_tar(entry_of_type('0', "a", "1") + "garbage", [&](const TarEntry&) {
    ++seen;
    return false;
  });
  CHECK(seen == 1);
}

TEST_CASE("read_tar refuses, and says why and where") {
  auto flipped = tar_of_file("a", "content");
  flipped[0] = 'b';
  const struct {
    const char* name;
    std::string archive;
    const char* want;
  } cases[] = {
      {"text", std::string(600, 'x'),
       "the tar archive has a header with a wrong checksum (offset 0x0)"},
      {"flipped bit", flipped, "the tar archive has a header with a wrong checksum (offset 0x0)"},
      {"cut in the header", tar_of_file("a", "content").substr(0, 300),
       "the tar archive ends within a header (offset 0x0)"},
      {"cut in the content", tar_of_file("a", "content").substr(0, 515),
       "the tar archive says that 7 bytes follow, but 3 remain (offset 0x0)"},
      {"cut after an entry", entry_of_type('0', "a", "1") + "x",
       "the tar archive ends within a header (offset 0x400)"},
      {"size beyond", field_set(124, "77777777777"),
       "the tar archive says that 8589934591 bytes follow, but 1536 remain (offset 0x0)"},
      {"size is no number", field_set(124, "0000000000x"),
       "the tar archive has a header with a broken size (offset 0x0)"},
      {"another number is none", field_set(108, "x"),
       "the tar archive has a header with a broken number (offset 0x0)"},
      {"one block of zeros", std::string(512, '\0') + tar_of_file("a", "content"),
       "the tar archive goes on after a block of zeros (offset 0x0)"},
      {"sparse in no known form", entry_of_type('S', "s", "1"),
       "the tar archive has a sparse file of no known form (offset 0x0)"},
      {"sparse link",
       entry_of_type('x', "x", "22 GNU.sparse.map=0,1\n") + entry_of_type('2', "l", ""),
       "the tar archive has a sparse file without content (offset 0x400)"},
      {"sparse file before others", gnu_sparse("s", "1") + entry_of_type('0', "m", "2"),
       "the tar archive has a sparse file, which is not read (offset 0x0)"},
      {"sparse map in another order",
       entry_of_type('x', "x", "25 GNU.sparse.numbytes=1\n") + entry_of_type('0', "n", "1"),
       "the tar archive has a broken pax header (offset 0x0)"},
      {"sparse map with two offsets",
       entry_of_type('x', "x", "23 GNU.sparse.offset=0\n23 GNU.sparse.offset=0\n"),
       "the tar archive has a broken pax header (offset 0x0)"},
      {"two numbers in one", entry_of_type('x', "x", "25 GNU.sparse.offset=0,1\n"),
       "the tar archive has a broken pax header (offset 0x0)"},
      {"pax path with a NUL", entry_of_type('x', "p", std::string("11 path=a\0\n", 12)),
       "the tar archive has a broken pax header (offset 0x0)"},
      {"pax time", entry_of_type('x', "p", "11 mtime=x\n") + entry_of_type('0', "a", "1"),
       "the tar archive has a broken mtime in its pax header (offset 0x400)"},
      {"base 256 overflow", field_set(124, std::string(12, '\xff')),
       "the tar archive has a header with a broken size (offset 0x0)"},
      {"pax without length", entry_of_type('x', "p", "path=x\n"),
       "the tar archive has a broken pax header (offset 0x0)"},
      {"pax too long", entry_of_type('x', "p", "99 path=x\n"),
       "the tar archive has a broken pax header (offset 0x0)"},
      {"pax of length 0", entry_of_type('x', "p", "0 path=x\n"),
       "the tar archive has a broken pax header (offset 0x0)"},
      {"pax size no number", entry_of_type('x', "p", "10 size=x\n") + entry_of_type('0', "a", "1"),
       "the tar archive has a broken size in its pax header (offset 0x400)"},
      {"pax length within", entry_of_type('x', "p", "12 size=9999\n"),
       "the tar archive has a broken pax header (offset 0x0)"},
      {"pax size beyond", entry_of_type('x', "p", "13 size=9999\n") + entry_of_type('0', "a", "1"),
       "the tar archive says that 9999 bytes follow, but 512 remain (offset 0x400)"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(refusal(c.archive) == c.want);
  }
}
