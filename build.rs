//! Links the extension so that it stays in the process once loaded: its thread may still run while PHP unloads its modules.

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=build.rs");
}
