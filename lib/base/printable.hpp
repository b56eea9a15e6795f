// Text of others, made fit for a terminal or the log of a CI job: no name in a module, no word of a
// registry or of a file may set colours, move the cursor, hide a line, turn the direction of
// reading or begin a line that looks like one of ours (`ok.wasm: 0 errors`, GitHub's `::error::`).
// Nor may it hold what a CI system takes for a command: `::error::` where a line begins, `##vso[`
// or
// `##[error]` anywhere.
// Sources: CWE-150; Unicode Character Database, categories Cc, Zl and Zp, property Bidi_Control;
// GitHub's runner, ActionCommand.cs; Azure Pipelines' agent, Command.cs; TeamCity's service
// messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wasmctl::base {

// Of the characters above: those of C0 and C1, DEL, the ends of lines, marks of direction.
bool is_control(std::uint32_t point);

// As part of a line, and maybe its start: every control character, the line feed too, as \x0a;
// beyond ASCII as \u202e; the first character of a command as \x3a or \x23.
// Letters of any script stay, and so do bytes that are no UTF-8, but those of C1: a terminal that
// is not set to UTF-8 obeys them.
std::string printable(std::string_view text);

// The same of the first `most` bytes or a little less, so that no character is cut; then "...".
std::string printable(std::string_view text, std::size_t most);

// What a tool printed, a compiler for instance: its lines, tabs and colours (ECMA-48's SGR) stay.
std::string printable_output(std::string_view text);

// The same text without colours: what a compiler says, for whoever reads it as data.
std::string without_colors(std::string_view text);

// A JSON document: the same values, with the characters above as \u202e in its strings; no line of
// one begins with text of others.
std::string printable_json(std::string_view document);

}  // namespace wasmctl::base
