//! The files of a log: which they are, how one is continued, and how another is begun.

use super::chain::Head;
use super::verify::{
    FORMAT, FileOptions, FileReport, Header, HeaderFault, may_be_header, verify_file,
};
use super::{Finding, LogError, body};
use fs4::FileExt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Digits of a file's number in its name.
const DIGITS: usize = 6;

/// Bytes that are read at a time.
const BLOCK: usize = 256 * 1024;

/// Names of a log's files.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The file that is written.
    pub(super) active: PathBuf,
    directory: PathBuf,
    stem: String,
    extension: String,
}

impl Names {
    pub(super) fn new(path: &Path) -> Result<Self, LogError> {
        let utf8 =
            |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).map(str::to_owned);
        let stem = utf8(path.file_stem()).ok_or_else(|| LogError::Options {
            message: format!("`{}` names no file in UTF-8", path.display()),
        })?;
        let extension = utf8(path.extension()).map_or_else(String::new, |end| format!(".{end}"));
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self { active: path.to_owned(), directory, stem, extension })
    }

    /// A file that is full.
    pub(super) fn full(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{}.{number:0DIGITS$}{}", self.stem, self.extension))
    }

    /// The next file until it takes the active one's place.
    fn next(&self) -> PathBuf {
        self.directory.join(format!("{}{}.next", self.stem, self.extension))
    }

    fn lock(&self) -> PathBuf {
        self.directory.join(format!("{}{}.lock", self.stem, self.extension))
    }

    /// Numbers of full files that are there, in order.
    fn full_numbers(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix(&self.stem)?.strip_prefix('.'))
                .and_then(|rest| rest.strip_suffix(&self.extension))
                .filter(|digits| {
                    digits.len() >= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())
                });
            numbers.extend(number.and_then(|digits| digits.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Brings names to the disk.
    pub(super) fn sync_directory(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(&self.directory)?.sync_all() } else { Ok(()) }
    }
}

/// The file that is written, at its end.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) names: Names,
    pub(super) file: File,
    /// Its id and number.
    pub(super) log: String,
    pub(super) number: u64,
    /// Its last line.
    pub(super) head: Head,
    /// Bytes up to the end of that.
    pub(super) bytes: u64,
    removed_through: u64,
    /// Whether there may be bytes behind that which were not to be written.
    has_rest: bool,
    /// Whether there are lines behind its header.
    pub(super) has_lines: bool,
    /// Held for as long as the log is open.
    lock: File,
}

/// Opens a log: a new one, or the one that is there.
pub(super) fn open(path: &Path) -> Result<Active, LogError> {
    let names = Names::new(path)?;
    let lock = lock(&names)?;
    let io = |error| LogError::io(path, error);
    // What was begun and has not taken its place holds a header only.
    match fs::remove_file(names.next()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(LogError::io(&names.next(), error));
        }
        _ => {}
    }
    let full = names.full_numbers().map_err(|error| LogError::io(&names.directory, error))?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    private(&mut options);
    let mut file = options.open(path).map_err(io)?;
    let found = verify(&mut file, path)?;
    if let Some(header) = found.header {
        let head = found.head.ok_or_else(|| LogError::NotALog { path: path.to_owned() })?;
        let mut active = Active {
            names,
            file,
            log: header.log,
            number: header.file,
            head,
            bytes: found.whole_bytes,
            removed_through: header.removed_through,
            has_rest: false,
            has_lines: found.lines > 1,
            lock,
        };
        active.check_before(header.previous, header.seq)?;
        active.continue_after(found.torn_bytes, found.closed).map_err(io)?;
        return Ok(active);
    }
    check_torn_header(&mut file, path, found.torn_bytes)?;
    let before = match full.last() {
        Some(number) => Some(last_of(&names.full(*number))?),
        None => None,
    };
    // A new log has nothing that could have been closed.
    let was_closed = before.as_ref().is_none_or(|before| before.closed);
    let (log, number, head, removed_through) = match before {
        Some(Last { header, head, .. }) => {
            (header.log, header.file + 1, head, header.removed_through)
        }
        None => (uuid::Uuid::now_v7().to_string(), 1, Head::start(), 0),
    };
    let mut active = Active {
        names,
        file,
        log,
        number,
        head,
        bytes: 0,
        removed_through,
        has_rest: false,
        has_lines: false,
        lock,
    };
    active.begin(found.torn_bytes, was_closed).map_err(io)?;
    Ok(active)
}

/// Keeps others from writing the log. The lock is gone when the process is.
fn lock(names: &Names) -> Result<File, LogError> {
    let path = names.lock();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    private(&mut options);
    let file = options.open(&path).map_err(|error| LogError::io(&path, error))?;
    // The standard library's own is younger than the oldest Rust that builds this.
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(file),
        Err(fs4::TryLockError::WouldBlock) => Err(LogError::Locked { path: names.active.clone() }),
        Err(fs4::TryLockError::Error(error)) => Err(LogError::io(&path, error)),
    }
}

/// Logs hold what they hold: files are their owner's alone.
#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
const fn private(_: &mut OpenOptions) {}

/// Verifies a file to its end. Anything but a line that is cut off is an error.
fn verify(file: &mut File, path: &Path) -> Result<FileReport, LogError> {
    let io = |error| LogError::io(path, error);
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let mut first: Option<Finding> = None;
    let mut found = |finding| first = first.take().or(Some(finding));
    let reader = BufReader::with_capacity(BLOCK, &*file);
    let report =
        verify_file(reader, FileOptions::default(), &mut found, &mut |_, _| {}).map_err(io)?;
    let Some(finding) = first else { return Ok(report) };
    if report.header.is_none() {
        return Err(other_file(file, path));
    }
    let Finding { line, check, message } = finding;
    Err(LogError::Broken { path: path.to_owned(), line, check, message })
}

/// Why a file that does not begin with a header is none of a log.
fn other_file(file: &mut File, path: &Path) -> LogError {
    let mut head = Vec::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| (&*file).take(BLOCK as u64).read_to_end(&mut head));
    if let Err(error) = read {
        return LogError::io(path, error);
    }
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match Header::parse(line) {
        Err(HeaderFault::Format(format)) => LogError::OtherFormat { path: path.to_owned(), format },
        _ => LogError::NotALog { path: path.to_owned() },
    }
}

/// A file without a whole line is a log's only if it begins as one does.
fn check_torn_header(file: &mut File, path: &Path, torn: u64) -> Result<(), LogError> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))
        .and_then(|_| (&*file).take(64).read_to_end(&mut head))
        .map_err(|error| LogError::io(path, error))?;
    if torn <= body::MAX_LINE_BYTES as u64 && may_be_header(&head) {
        Ok(())
    } else {
        Err(LogError::NotALog { path: path.to_owned() })
    }
}

/// How a full file begins and ends.
struct Last {
    header: Header,
    head: Head,
    closed: bool,
}

fn last_of(path: &Path) -> Result<Last, LogError> {
    let mut file = File::open(path).map_err(|error| LogError::io(path, error))?;
    let report = verify(&mut file, path)?;
    match (report.header, report.head) {
        (Some(header), Some(head)) if report.torn_bytes == 0 => {
            Ok(Last { header, head, closed: report.closed })
        }
        (Some(_), _) => Err(LogError::Broken {
            path: path.to_owned(),
            line: report.lines + 1,
            check: super::Check::CutOff,
            message: "the last line of a full file is cut off".to_owned(),
        }),
        _ => Err(LogError::NotALog { path: path.to_owned() }),
    }
}

impl Active {
    /// The file before, where it is still there, must be the one that this one continues.
    fn check_before(&self, previous: Option<super::Chain>, seq: u64) -> Result<(), LogError> {
        let Some(chain) = previous else { return Ok(()) };
        let path = self.names.full(self.number - 1);
        if !path.exists() {
            return Ok(());
        }
        let Last { header, head, .. } = last_of(&path)?;
        if header.log == self.log && head == (Head { seq: seq - 1, chain }) {
            return Ok(());
        }
        Err(LogError::Broken {
            path: self.names.active.clone(),
            line: 1,
            check: super::Check::Continuation,
            message: format!("the file does not continue `{}`", path.display()),
        })
    }

    /// Goes on behind the last whole line; says so where the log was not closed before.
    fn continue_after(&mut self, torn: u64, was_closed: bool) -> io::Result<()> {
        if torn > 0 {
            self.file.set_len(self.bytes)?;
        }
        if was_closed && torn == 0 {
            return Ok(());
        }
        self.recovered(torn)
    }

    fn recovered(&mut self, torn: u64) -> io::Result<()> {
        let (mut line, mut head) = (Vec::new(), self.head);
        let body = format!("\"time\":\"{}\",\"torn_bytes\":{torn}", body::time(SystemTime::now()));
        head.append(&mut line, "recovered", body.as_bytes());
        self.write(&line, head)?;
        self.file.sync_data()
    }

    /// Writes the header of a file that has none.
    fn begin(&mut self, torn: u64, was_closed: bool) -> io::Result<()> {
        self.file.set_len(0)?;
        let previous = (self.number > 1).then_some(self.head);
        let (mut line, mut head) = (Vec::new(), self.head);
        let body = header(&self.log, self.number, previous, self.removed_through);
        head.append(&mut line, "log", body.as_bytes());
        self.write(&line, head)?;
        self.has_lines = false;
        self.file.sync_data()?;
        self.names.sync_directory()?;
        if torn > 0 || !was_closed { self.recovered(torn) } else { Ok(()) }
    }

    /// Appends lines that end with that one. On an error the file ends where it did before.
    pub(super) fn write(&mut self, lines: &[u8], head: Head) -> io::Result<()> {
        if self.has_rest {
            self.file.set_len(self.bytes)?;
            self.has_rest = false;
        }
        self.file.seek(SeekFrom::Start(self.bytes))?;
        if let Err(error) = self.file.write_all(lines) {
            self.has_rest = self.file.set_len(self.bytes).is_err();
            return Err(error);
        }
        self.bytes += lines.len() as u64;
        self.head = head;
        self.has_lines = true;
        Ok(())
    }

    /// Ends the file and begins another. Where that cannot be done, this one goes on; an error may
    /// also be that the new one has begun and an old one could not be deleted.
    pub(super) fn rotate(&mut self, keep: Option<u32>) -> io::Result<()> {
        let full = self.names.full(self.number);
        if fs::symlink_metadata(&full).is_ok() {
            let message = format!("`{}` is there already", full.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        // Whatever is chosen else: a file that others continue is whole.
        self.file.sync_data()?;
        let removed_through = match keep {
            Some(keep) => self.removed_through.max(self.number.saturating_sub(u64::from(keep))),
            None => self.removed_through,
        };
        let (next, mut line, mut head) = (self.names.next(), Vec::new(), self.head);
        let body = header(&self.log, self.number + 1, Some(self.head), removed_through);
        head.append(&mut line, "log", body.as_bytes());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        private(&mut options);
        let begun = options.open(&next).and_then(|mut file| {
            // Who may read the one may read the other.
            fs::set_permissions(&next, self.file.metadata()?.permissions())?;
            file.write_all(&line)?;
            file.sync_all()?;
            fs::rename(&self.names.active, &full)?;
            fs::rename(&next, &self.names.active).inspect_err(|_| {
                // Back to what it was; where that fails, too, lines go on in the full file.
                let _ = fs::rename(&full, &self.names.active);
            })?;
            Ok(file)
        });
        let file = begun.inspect_err(|_| drop(fs::remove_file(&next)))?;
        self.file = file;
        self.head = head;
        self.bytes = line.len() as u64;
        self.number += 1;
        self.has_lines = false;
        self.has_rest = false;
        self.removed_through = removed_through;
        self.names.sync_directory()?;
        self.remove_old()
    }

    /// Deletes what the header says has been.
    fn remove_old(&self) -> io::Result<()> {
        for number in self.names.full_numbers()? {
            if number <= self.removed_through {
                fs::remove_file(self.names.full(number))?;
            }
        }
        Ok(())
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        // Processes that were forked from this one hold the lock, too: it is given back for all.
        let _ = FileExt::unlock(&self.lock);
    }
}

fn header(log: &str, file: u64, previous: Option<Head>, removed_through: u64) -> String {
    let previous = previous.map_or("null".to_owned(), |head| format!("\"{}\"", head.chain));
    let removed = if removed_through == 0 {
        String::new()
    } else {
        format!(",\"removed_through\":{removed_through}")
    };
    format!(
        "\"time\":\"{}\",\"format\":{FORMAT},\"log\":\"{log}\",\"file\":{file},\"previous\":{previous}{removed},\
         \"version\":\"{}\"",
        body::time(SystemTime::now()),
        env!("CARGO_PKG_VERSION"),
    )
}
