// What a module that a command has was made of.
#pragma once

#include "cli/command.hpp"
#include "cli/flags/build_flags.hpp"
#include "cli/flags/source.hpp"
#include "oci/descriptor.hpp"
#include "sign/build_record.hpp"

namespace wasmctl::cli {

// Of one that was built of a directory just now, with these flags; of a file no more than it says
// itself. `annotations`: of its image, for the repository that it comes from.
sign::BuildRecord record_of(Context& context, const LocalModule& module, const BuildFlags& build,
                            const oci::Annotations& annotations);

}  // namespace wasmctl::cli
