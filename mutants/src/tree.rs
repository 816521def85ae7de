//! A copy of the repository with all changes in it, built once.

use crate::find::{self, Mutant, Written};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is changed: folders and files of the repository, and how code there reaches the switch.
const PLACES: &[(&str, &str)] = &[
    ("crates/actra-bytecode/src/codec.rs", "crate::mutants::is"),
    ("crates/actra-bytecode/src/dfa.rs", "crate::mutants::is"),
    ("crates/actra-bytecode/src/number.rs", "crate::mutants::is"),
    ("crates/actra-bytecode/src/op.rs", "crate::mutants::is"),
    ("crates/actra-bytecode/src/ordinary.rs", "crate::mutants::is"),
    ("crates/actra-bytecode/src/program", "crate::mutants::is"),
    ("crates/actra-bytecode/src/strings.rs", "crate::mutants::is"),
    ("crates/actra-bytecode/src/verify", "crate::mutants::is"),
    ("crates/actra-bytecode/src/walks", "crate::mutants::is"),
    ("crates/actra-bytecode/src/format", "crate::mutants::is"),
    ("crates/actra-vm/src", "::actra_bytecode::mutants::is"),
    ("crates/actra-compiler/src/lower", "::actra_bytecode::mutants::is"),
];

/// The switch, put into actra-bytecode, on which the others depend.
const SWITCH: &str = include_str!("switch.rs");

/// A set of tests that is run as one.
struct Suite {
    package: &'static str,
    /// Of which program; of all of the package's where this is empty.
    target: &'static str,
    /// Which tests of it: those whose names have one of these in them, all where there is none.
    tests: &'static [&'static str],
    /// Only for changes in such files; in all where there is none.
    files: &'static [&'static str],
    /// Not for changes in such files: whatever compiles and decides, other tests have seen to.
    except: Option<&'static str>,
    /// How many random policies (`ACTRA_CASES`); the usual number where it is 0.
    cases: u32,
}

/// Tests of the facade against the conformance cases and the reference evaluator.
const BEHAVIOUR: Suite = Suite { target: "behaviour", ..of("actra") };

/// All tests of a package.
const fn of(package: &'static str) -> Suite {
    Suite { package, target: "", tests: &[], files: &[], except: None, cases: 0 }
}

/// What is run. What is about files, time and other processes says nothing about what is changed.
const SUITES: &[Suite] = &[
    of("actra-vm"),
    of("actra-bytecode"),
    of("actra-compiler"),
    Suite {
        target: "actra",
        tests: &["tests::"],
        files: &["actra-vm/"],
        except: Some("columns/"),
        ..of("actra-ffi")
    },
    Suite { target: "actra", ..of("actra") },
    Suite { tests: &["corpus::"], ..BEHAVIOUR },
    Suite {
        tests: &[
            "slots::",
            "indexes::",
            "kinds::",
            "reuse::",
            "thresholds::",
            "seeds::",
            "instants::",
        ],
        ..BEHAVIOUR
    },
    Suite {
        tests: &["forms::", "governance::", "artifact_documents::"],
        except: Some("/verify/"),
        ..BEHAVIOUR
    },
    Suite { tests: &["agreement::"], except: Some("/verify/"), cases: 150, ..BEHAVIOUR },
    Suite {
        tests: &["explain::"],
        files: &["vm/src/run.rs", "vm/src/test.rs", "vm/src/trace.rs", "/lower/", "/walks/"],
        ..BEHAVIOUR
    },
    Suite { tests: &["columns::limits", "columns::shapes"], files: &["columns/"], ..BEHAVIOUR },
    Suite {
        tests: &["columns_decide_as_rows", "memory"],
        files: &["columns/"],
        cases: 120,
        ..BEHAVIOUR
    },
    Suite { tests: &["columns_decide_the_conformance"], files: &["columns/"], ..BEHAVIOUR },
];

pub struct Tree {
    pub root: PathBuf,
    pub mutants: Vec<Mutant>,
    /// Those that do not compile.
    pub dropped: Vec<bool>,
    /// Functions that have to be `const`, in which nothing is changed.
    pub constants: Vec<String>,
    pub tests: Vec<Test>,
}

/// A program of tests.
pub struct Test {
    pub name: String,
    pub path: PathBuf,
    pub folder: PathBuf,
    pub arguments: &'static [&'static str],
    /// Only for changes in files that have this in their names.
    files: &'static [&'static str],
    except: Option<&'static str>,
    pub cases: u32,
}

impl Test {
    /// Whether it says something about changes in a file.
    pub fn is_for(&self, file: &str) -> bool {
        (self.files.is_empty() || self.files.iter().any(|part| file.contains(part)))
            && self.except.is_none_or(|except| !file.contains(except))
    }
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The files of the repository as they are now, committed or not; those that have not changed stay.
fn copy(from: &Path, to: &Path) -> Result<Vec<String>, String> {
    let listed = run(Command::new("git").current_dir(from).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let mut files = Vec::new();
    for file in listed.split('\0').filter(|file| !file.is_empty()) {
        // What was removed and is still in the index is no file.
        let Ok(bytes) = fs::read(from.join(file)) else { continue };
        save(&to.join(file), &bytes)?;
        files.push(file.to_owned());
    }
    let known: BTreeSet<PathBuf> = files.iter().map(|file| to.join(file)).collect();
    remove_others(to, &to.join("target"), &known)
        .map_err(|error| format!("{}: {error}", to.display()))?;
    Ok(files)
}

/// Removes what an earlier copy had: files that were moved would be there twice.
fn remove_others(folder: &Path, but: &Path, known: &BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && path != but {
            remove_others(&path, but, known)?;
        } else if path.is_file() && !known.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let done =
        fs::create_dir_all(path.parent().unwrap_or(path)).and_then(|()| fs::write(path, bytes));
    done.map_err(|error| format!("{}: {error}", path.display()))
}

impl Tree {
    pub fn make(repository: &Path, root: PathBuf) -> Result<Self, String> {
        let files = copy(repository, &root)?;
        let sources: Vec<(String, &str)> = files
            .into_iter()
            .filter(|file| file.ends_with(".rs") && !file.ends_with("tests.rs"))
            .filter_map(|file| {
                let ask = PLACES.iter().find(|(place, _)| {
                    file == *place
                        || file.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
                })?;
                Some((file, ask.1))
            })
            .collect();
        let mut tree = Self {
            root,
            mutants: Vec::new(),
            dropped: Vec::new(),
            constants: Vec::new(),
            tests: Vec::new(),
        };
        let mut dropped = BTreeSet::new();
        loop {
            let written = tree.write(repository, &sources, &dropped)?;
            eprintln!(
                "{} changes in {} files; {} do not compile so far; building",
                tree.mutants.len() - dropped.len(),
                written.len(),
                dropped.len()
            );
            let (before, constants) = (dropped.len(), tree.constants.len());
            let problems = tree.build()?;
            if problems.is_empty() {
                return Ok(tree);
            }
            for problem in &problems {
                tree.blame(problem, &written, &mut dropped);
            }
            if before == dropped.len() && constants == tree.constants.len() {
                let texts: Vec<_> =
                    problems.iter().take(3).filter_map(|p| p["rendered"].as_str()).collect();
                return Err(format!("the copy does not compile:\n{}", texts.join("\n")));
            }
        }
    }

    fn write(
        &mut self,
        repository: &Path,
        sources: &[(String, &str)],
        dropped: &BTreeSet<String>,
    ) -> Result<Vec<Written>, String> {
        self.mutants.clear();
        self.dropped.clear();
        let mut all = Vec::new();
        for (file, ask) in sources {
            let path = repository.join(file);
            let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
            let mut found = find::find(file, &text, ask, self.mutants.len(), &self.constants)?;
            self.dropped
                .extend(found.mutants.iter().map(|mutant| dropped.contains(&mutant.name())));
            self.mutants.append(&mut found.mutants);
            let written = found.write(file, &text, &self.dropped);
            save(&self.root.join(file), written.text.as_bytes())?;
            all.push(written);
        }
        let library = "crates/actra-bytecode/src/lib.rs";
        let text =
            fs::read_to_string(repository.join(library)).map_err(|error| error.to_string())?;
        save(&self.root.join(library), format!("{text}\n{SWITCH}").as_bytes())?;
        Ok(all)
    }

    /// Builds the tests; gives what the compiler has against it.
    fn build(&mut self) -> Result<Vec<Value>, String> {
        let mut command = Command::new("cargo");
        command.current_dir(&self.root).args([
            "test",
            "--no-run",
            "--locked",
            "--message-format=json",
        ]);
        let packages: BTreeSet<&str> = SUITES.iter().map(|suite| suite.package).collect();
        for package in packages {
            command.args(["-p", package]);
        }
        // Changes leave warnings behind that are nobody's business.
        command.env("RUSTFLAGS", "--cap-lints allow").env("CARGO_PROFILE_TEST_OPT_LEVEL", "1");
        command.env("CARGO_PROFILE_TEST_DEBUG", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
        command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").env_remove("CARGO_TARGET_DIR");
        let output =
            command.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo: {error}"))?;
        let mut problems = Vec::new();
        self.tests.clear();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
            if message["reason"] == "compiler-message" && message["message"]["level"] == "error" {
                problems.push(message["message"].clone());
            }
            if let (Some(path), Some(true)) =
                (message["executable"].as_str(), message["profile"]["test"].as_bool())
            {
                let folder =
                    message["manifest_path"].as_str().and_then(|path| Path::new(path).parent());
                let folder = folder.unwrap_or(&self.root).to_owned();
                let package = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let target = message["target"]["name"].as_str().unwrap_or_default();
                let suites = SUITES.iter().filter(|suite| {
                    suite.package == package && (suite.target.is_empty() || suite.target == target)
                });
                self.tests.extend(suites.map(|suite| Test {
                    name: format!("{package}/{target} {}", suite.tests.first().unwrap_or(&"")),
                    path: path.into(),
                    arguments: suite.tests,
                    folder: folder.clone(),
                    files: suite.files,
                    except: suite.except,
                    cases: suite.cases,
                }));
            }
        }
        if problems.is_empty() && !output.status.success() {
            return Err("cargo test --no-run failed".to_owned());
        }
        Ok(problems)
    }

    /// Which changes a compiler's error is about.
    fn blame(&mut self, problem: &Value, written: &[Written], dropped: &mut BTreeSet<String>) {
        let message = problem["message"].as_str().unwrap_or_default();
        if message.starts_with("cannot call non-const") {
            let name = message.split('`').nth(1).unwrap_or_default();
            let name = name.rsplit("::").next().unwrap_or(name);
            let name = name.split(['<', '(']).next().unwrap_or(name).to_owned();
            if name != "is" && !name.is_empty() {
                if !self.constants.contains(&name) {
                    self.constants.push(name);
                }
                return;
            }
        }
        let spans = problem["spans"].as_array().cloned().unwrap_or_default();
        let places: Vec<(&Written, usize)> = spans
            .iter()
            .filter_map(|span| {
                let file = span["file_name"].as_str()?;
                let written = written.iter().find(|written| file.ends_with(&written.file))?;
                Some((written, span["byte_start"].as_u64()? as usize))
            })
            .collect();
        let mut found = false;
        for (written, at) in &places {
            for (_, id) in written.whose.iter().filter(|(range, _)| range.contains(at)) {
                dropped.insert(self.mutants[*id].name());
                found = true;
            }
        }
        if found {
            return;
        }
        // Not in a change's own text: every change of the function makes room for it.
        for (written, at) in &places {
            let inside = written.bodies.iter().filter(|range| range.contains(at));
            if let Some(range) = inside.min_by_key(|range| range.len()) {
                for (place, id) in &written.whose {
                    if range.contains(&place.start) {
                        dropped.insert(self.mutants[*id].name());
                    }
                }
            }
        }
    }
}
