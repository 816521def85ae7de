//! Absolute POSIX paths, compared lexically: no link is followed, nothing is decoded or folded.

/// Whether a path can be compared: absolute, without a `..` segment and without NUL.
pub fn is_well_formed(path: &str) -> bool {
    let bytes = path.as_bytes();
    // Two dots are rare, so only where they are somewhere are the segments looked at.
    let has_two_dots = bytes.windows(2).any(|pair| pair == b"..");
    path.starts_with('/')
        && !bytes.contains(&0)
        && !(has_two_dots && segments(path).any(|segment| segment == b".."))
}

/// Why [`is_well_formed`] says no, in a few words for people; `None` where it says yes.
pub fn why_malformed(path: &str) -> Option<&'static str> {
    if is_well_formed(path) {
        return None;
    }
    Some(if !path.starts_with('/') {
        "it is not absolute"
    } else if path.contains('\0') {
        "it has a NUL"
    } else {
        "it leads upwards (`..`)"
    })
}

/// Whether a path is a directory or lies inside it. Both are well-formed; empty and `.` segments
/// mean nothing.
///
/// ```
/// use actra_bytecode::format::path::is_within;
///
/// assert!(is_within("/srv//data/./a", "/srv/data/"));
/// assert!(!is_within("/srv/database", "/srv/data"));
/// ```
pub fn is_within(path: &str, directory: &str) -> bool {
    // Equal bytes up to the end of a segment are equal segments; most paths that are within are
    // seen to be so by this alone.
    let spelled_so = path.strip_prefix(directory.trim_end_matches('/'));
    if spelled_so.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return true;
    }
    let mut inner = segments(path);
    segments(directory).all(|segment| inner.next() == Some(segment))
}

/// The segments that mean something.
fn segments(path: &str) -> impl Iterator<Item = &[u8]> {
    path.as_bytes()
        .split(|byte| *byte == b'/')
        .filter(|segment| !segment.is_empty() && *segment != b".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_absolute_paths_without_ways_up_are_well_formed() {
        for path in ["/", "//", "/.", "/...", "/a/..b/c..", "/%2e%2e/", "/a\\..\\b", "/ "] {
            assert!(is_well_formed(path), "{path}");
        }
        for path in ["", "a", "./a", "/..", "/a/../b", "/a/..", "/a\0", "~/a", "\\a"] {
            assert!(!is_well_formed(path), "{path}");
        }
    }

    #[test]
    fn the_root_holds_everything_and_itself() {
        assert!(is_within("/", "/"));
        assert!(is_within("/a", "//./"));
        assert!(!is_within("/", "/a"));
    }

    proptest! {
        #[test]
        fn what_is_appended_to_a_directory_is_within_it(
            directory in "(/[a-c.]{0,2}){1,4}/?", rest in "(/[a-c.]{0,2}){0,4}"
        ) {
            let path = std::format!("{directory}/{rest}");
            prop_assume!(is_well_formed(&path));
            prop_assert!(is_within(&path, &directory));
            prop_assert!(is_within(&directory, &directory));
        }

        #[test]
        fn spelling_does_not_count(path in "(/[ab.]{0,2}){1,4}", directory in "(/[ab.]{0,2}){1,4}") {
            prop_assume!(is_well_formed(&path) && is_well_formed(&directory));
            let plain = |path: &str| {
                let names = path.split('/').filter(|name| !matches!(*name, "" | "."));
                names.fold(std::string::String::from("/"), |path, name| path + name + "/")
            };
            let expected = plain(&path).starts_with(&plain(&directory));
            prop_assert_eq!(is_within(&path, &directory), expected);
        }
    }
}
