//! Holds what `src/sys.rs` says of PHP against the headers of this PHP, tells it which form of the session module this is (`php86`), and links
//! the extension so that it stays in the process once loaded: its thread may still run while PHP unloads its modules.

use std::process::Command;

const CHECK: &str = "src/php_abi.c";

fn main() {
    println!("cargo:rustc-check-cfg=cfg(php86)");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    for file in ["build.rs", CHECK] {
        println!("cargo:rerun-if-changed={file}");
    }
    for name in ["PHP_CONFIG", "PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if let Err(message) = check() {
        eprintln!("error: {message}");
        std::process::exit(1);
    }
}

/// Compiles [`CHECK`] with the headers of the PHP whose php-config ext-php-rs uses as well.
fn check() -> Result<(), String> {
    let config = std::env::var("PHP_CONFIG").unwrap_or_else(|_| "php-config".to_owned());
    let ask = |what: &str| match Command::new(&config).arg(what).output() {
        Ok(answer) if answer.status.success() => Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned()),
        Ok(answer) => Err(format!("`{config} {what}` failed: {}", String::from_utf8_lossy(&answer.stderr).trim())),
        Err(error) => Err(format!("`{config}` does not run ({error}): name PHP's php-config in PHP_CONFIG")),
    };
    let (version, number, includes) = (ask("--version")?, ask("--vernum")?, ask("--includes")?);
    if number.parse::<u32>().is_ok_and(|number| number >= 80600) {
        println!("cargo:rustc-cfg=php86");
    }
    if let Some(folder) = includes.split_whitespace().find_map(|word| word.strip_prefix("-I")) {
        // Another one when PHP is upgraded.
        println!("cargo:rerun-if-changed={folder}/main/php_version.h");
    }
    let mut compiler = cc::Build::new().get_compiler().to_command();
    let answer = compiler.args(["-fsyntax-only", CHECK]).args(includes.split_whitespace()).output();
    let answer = answer.map_err(|error| format!("no C compiler runs: {error}"))?;
    if answer.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.stderr);
    Err(format!("wp_dynamodb cannot be built for PHP {version} (of {config}). What {CHECK} found in its headers:\n{said}"))
}
