//! Lets the crate build before the web workspace was built, and again whenever that changed.

use std::path::Path;

fn main() {
    let dist = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist"));
    // Without the folder nothing can be embedded; an empty one means "not built", and the server says so.
    if !dist.exists()
        && let Err(error) = std::fs::create_dir_all(dist)
    {
        println!("cargo:warning=the folder {} can't be made: {error}", dist.display());
    }
    println!("cargo:rerun-if-changed=../../web/dist");
}
