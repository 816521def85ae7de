//! `actra keygen`.

use crate::args::{Format, Keygen};
use crate::failure::Failure;
use crate::keys::of_key;
use crate::output::{self, Paint, clean};
use actra::signing::SigningKey;
use anstream::ColorChoice;
use serde::Serialize;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    private_key: String,
    public_key: String,
    key_id: String,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    Owner,
    Anybody,
}

pub(super) fn run(args: &Keygen, color: ColorChoice) -> Result<(), Failure> {
    let public = args.public.clone().unwrap_or_else(|| beside(&args.key));
    if public == args.key {
        return Err(Failure::new("usage", "the private key and the public key are the same file")
            .with_help("name two files"));
    }
    // Both are looked at before anything is written.
    for path in [&args.key, &public] {
        if fs::symlink_metadata(path).is_ok() {
            return Err(in_the_way(path));
        }
    }
    let key = SigningKey::generate().map_err(|error| of_key("a new key", &error))?;
    create(&args.key, key.to_pem().as_bytes(), Readers::Owner)?;
    create(&public, key.public().to_pem().as_bytes(), Readers::Anybody).inspect_err(|_| {
        // Half of a pair is of no use; what cannot be removed is a file that was made just now.
        let _ = fs::remove_file(&args.key);
    })?;
    let written = Written {
        private_key: args.key.display().to_string(),
        public_key: public.display().to_string(),
        key_id: key.public().id().to_string(),
    };
    let text = match args.format {
        Format::Json => output::pretty_json(&written),
        Format::Text => written.to_text(),
    };
    output::print(&text, args.format, color)
}

fn beside(key: &Path) -> PathBuf {
    let mut name = OsString::from(key);
    name.push(".pub");
    name.into()
}

fn in_the_way(path: &Path) -> Failure {
    Failure::new("in_the_way", format!("`{}` is there already", path.display()))
        .with_help("name another file: no key is replaced, since it could not be had again")
}

/// Writes a file that is not there yet, and does not leave half of it.
fn create(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict(&mut options, readers);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => in_the_way(path),
        _ => Failure::unwritable(path, &error),
    })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        let _ = fs::remove_file(path);
        Failure::unwritable(path, &error)
    })
}

/// The permissions that the file is made with: there is no moment at which it has others.
#[cfg(unix)]
fn restrict(options: &mut OpenOptions, readers: Readers) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(match readers {
        Readers::Owner => 0o600,
        Readers::Anybody => 0o644,
    });
}

/// A new file has the permissions of its directory there.
#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions, _: Readers) {}

impl Written {
    fn to_text(&self) -> String {
        format!(
            "wrote {}: keep it to yourself\nwrote {}: give it to who loads your policies\n  {}  {}\n",
            Paint::Strong.of(&clean(&self.private_key)),
            Paint::Strong.of(&clean(&self.public_key)),
            Paint::Label.of("key id"),
            self.key_id,
        )
    }
}
