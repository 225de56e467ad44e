//! A new migration makes a new build.

fn main() {
    println!("cargo::rerun-if-changed=../migrations/live");
}
