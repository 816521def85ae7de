//! Test documents: what they say, what is wrong with them, and what comes of running them.

mod coverage;
mod documents;
mod errors;
mod files;
mod formats;

use actra::testing::{self, Error, Options, Report, Run, Verdict};
use std::fs;
use std::path::{Path, PathBuf};

/// A directory of its own for a test, with a policy in it.
struct Room(PathBuf);

impl Room {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("testing").join(test);
        let _ = fs::remove_dir_all(&path);
        let room = Self(path);
        for name in ["schema.yaml", "policy.yaml"] {
            room.write(name, &data(name));
        }
        room
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn options(&self) -> Options {
        Options::new([&self.0])
    }

    fn run(&self) -> Result<Report, Error> {
        testing::run(&self.options())
    }

    /// The tests of one document, which has to be in order.
    fn tests(&self, tests: &str) -> Report {
        self.write("policy_test.yaml", &format!("name: a\ntests:\n{tests}"));
        let report = self.run().unwrap();
        assert!(!report.files[0].is_broken, "{report}");
        report
    }
}

/// A file of this test's data.
fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testing").join(name);
    fs::read_to_string(path).unwrap()
}

fn runs(report: &Report) -> impl Iterator<Item = &Run> {
    report.files.iter().flat_map(|file| &file.runs)
}

/// The name and, as a letter, the verdict of every run.
fn verdicts(report: &Report) -> Vec<(&str, char)> {
    let verdict = |run: &Run| match run.verdict {
        Verdict::Passed => '.',
        Verdict::Failed(_) => 'F',
        Verdict::Skipped(_) => 's',
        Verdict::NoPolicy => 'E',
    };
    runs(report).map(|run| (run.name.as_str(), verdict(run))).collect()
}
