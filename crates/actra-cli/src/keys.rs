//! Key files.

use crate::args::Trust;
use crate::failure::{Failure, of_load};
use actra::Policy;
use actra::signing::{KeyError, LoadOptions, PublicKey, SigningKey};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a key's file that are read: more are none.
const MAX_KEY_BYTES: u64 = 64 * 1024;

impl Trust {
    /// A policy from a directory or an artifact, if it is what is asked for.
    pub(crate) fn load(&self, path: &Path) -> Result<Policy, Failure> {
        let options = self.options()?;
        Policy::from_path_with(path, &options).map_err(|error| of_load(path, error))
    }

    /// The same of any revision: of an old policy that a new one is compared with.
    pub(crate) fn load_of_any_revision(&self, path: &Path) -> Result<Policy, Failure> {
        let options = self.options()?.min_revision(0);
        Policy::from_path_with(path, &options).map_err(|error| of_load(path, error))
    }

    pub(crate) fn options(&self) -> Result<LoadOptions, Failure> {
        options(&self.trusted_key, self.min_revision)
    }
}

/// What is asked for with keys in files. Where none is named, no signature is asked for.
pub(crate) fn options(
    paths: &[impl AsRef<Path>],
    min_revision: u64,
) -> Result<LoadOptions, Failure> {
    let mut options = LoadOptions::new().min_revision(min_revision);
    for path in paths {
        options = options.trusted_keys([public_key(path.as_ref())?]);
    }
    Ok(options)
}

/// Reads a public key.
fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let read = || {
        // Asked before opening: opening a named pipe waits for a writer.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        read(File::open(path)?)
    };
    let bytes = read().map_err(|error| {
        Failure::unreadable(path, &error)
            .with_help("name a public key's file, as `actra keygen` writes it")
    })?;
    PublicKey::parse(&bytes).map_err(|error| of_key(&path.display().to_string(), &error))
}

/// Reads a private key from a file that only its owner can read, or from standard input.
pub(crate) fn private_key(path: &Path) -> Result<SigningKey, Failure> {
    let unreadable = |error| Failure::unreadable(path, &error);
    let (shown, bytes) = if path.as_os_str() == "-" {
        ("the key on standard input".to_owned(), read(io::stdin().lock()))
    } else {
        // Asked before opening, as above; and then of what was opened.
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(unreadable(io::Error::other("it is not a regular file")));
        }
        let file = File::open(path).map_err(unreadable)?;
        check_private(path, &file)?;
        (path.display().to_string(), read(file))
    };
    let bytes = bytes.map_err(unreadable)?;
    SigningKey::from_pem(&bytes).map_err(|error| of_key(&shown, &error))
}

fn read(reader: impl Read) -> io::Result<Vec<u8>> {
    // Room for it at once, so that a secret is not copied where it grows.
    let mut bytes = Vec::with_capacity(8 * 1024);
    reader.take(MAX_KEY_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn check_private(path: &Path, file: &File) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    /// What the group and all others may do.
    const OTHERS: u32 = 0o077;
    let metadata = file.metadata().map_err(|error| Failure::unreadable(path, &error))?;
    let mode = metadata.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let shown = path.display();
    let message = format!(
        "others can use the private key `{shown}`: its permissions are {:04o}",
        mode & 0o7777
    );
    Err(Failure::new("exposed_key", message).with_help(format!(
        "if nobody else has it: `chmod 600 {shown}`; otherwise make another: `actra keygen NEW`"
    )))
}

/// Who may read a file is said in other ways there, which the standard library does not tell.
#[cfg(not(unix))]
fn check_private(_: &Path, _: &File) -> Result<(), Failure> {
    Ok(())
}

/// Why a key cannot be used.
pub(crate) fn of_key(shown: &str, error: &KeyError) -> Failure {
    Failure::new("bad_key", format!("`{shown}` cannot be used: {error}")).with_help(error.help())
}
