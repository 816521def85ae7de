
/// Which of the changes is in force.
#[doc(hidden)]
#[allow(missing_docs)]
pub mod mutants {
    extern crate std;
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    const UNREAD: u32 = u32::MAX;
    /// Every change that is asked for is noted in a file.
    const COVER: u32 = u32::MAX - 1;
    const NONE: u32 = u32::MAX - 2;

    static ACTIVE: AtomicU32 = AtomicU32::new(UNREAD);
    static SEEN: [AtomicBool; 1 << 14] = [const { AtomicBool::new(false) }; 1 << 14];

    #[inline]
    pub fn is(id: u32) -> bool {
        let active = ACTIVE.load(Ordering::Relaxed);
        active == id || active >= COVER && slow(id)
    }

    #[cold]
    fn slow(id: u32) -> bool {
        if ACTIVE.load(Ordering::Relaxed) == UNREAD {
            let active = match std::env::var("ACTRA_MUTANT").ok().as_deref() {
                Some("cover") => COVER,
                Some(number) => number.parse().unwrap(),
                None => NONE,
            };
            ACTIVE.store(active, Ordering::Relaxed);
            return is(id);
        }
        if !SEEN[id as usize].swap(true, Ordering::Relaxed) {
            let path = std::env::var("ACTRA_MUTANTS_COVER").unwrap();
            let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
            writeln!(file.unwrap(), "{id}").unwrap();
        }
        false
    }
}
