//! Absolute POSIX paths, compared lexically.

/// The segments of a path; `None`: malformed.
///
/// "not absolute, a `..` segment or NUL is malformed; empty and `.` segments mean nothing."
pub fn segments(text: &str) -> Option<Vec<&str>> {
    if !text.starts_with('/') || text.contains('\0') {
        return None;
    }
    let all: Vec<&str> = text.split('/').collect();
    if all.contains(&"..") {
        return None;
    }
    Some(all.into_iter().filter(|segment| !segment.is_empty() && *segment != ".").collect())
}

/// Whether a path is a directory or lexically inside it; `None`: one of the two is malformed.
pub fn is_within(path: &str, directory: &str) -> Option<bool> {
    let path = segments(path)?;
    let directory = segments(directory)?;
    Some(path.starts_with(&directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let inside = [("/a", "/a"), ("/a/b", "/a"), ("//a/./b/", "/a/"), ("/x", "/"), ("/", "//")];
        for (path, directory) in inside {
            assert_eq!(is_within(path, directory), Some(true), "{path} {directory}");
        }
        for (path, directory) in [("/ab", "/a"), ("/", "/a"), ("/A", "/a"), ("/a/...", "/a/b")] {
            assert_eq!(is_within(path, directory), Some(false), "{path} {directory}");
        }
        for path in ["", "a", "./a", "/a/..", "/../a", "/a\0", "~/a", "\\a", "C:\\a"] {
            assert_eq!(segments(path), None, "{path}");
        }
    }
}
