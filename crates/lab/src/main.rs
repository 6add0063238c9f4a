//! The lab's program; see the library for what it is made of.

use std::process::ExitCode;

fn main() -> ExitCode {
    wp_dynamodb_lab::cli::main()
}
