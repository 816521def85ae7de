//! The documents of a policy directory, as trees that can be changed.

use serde_yaml::{Mapping, Value};
use std::fs;
use std::path::{Path, PathBuf};

pub(super) struct Documents {
    directory: PathBuf,
    pub(super) schema: String,
    pub(super) policy: Value,
    pub(super) governance: Value,
}

impl Documents {
    pub(super) fn read(directory: &Path) -> Result<Self, String> {
        // Rules elsewhere would be left out silently.
        if directory.join("policies").exists() {
            return Err(format!("{}: rules in `policies/` are not handled", directory.display()));
        }
        let text = |name: &str| read(&directory.join(name));
        let tree = |name: &str| {
            serde_yaml::from_str(&text(name)?)
                .map_err(|error| format!("{}: {error}", directory.join(name).display()))
        };
        Ok(Self {
            directory: directory.to_owned(),
            schema: text("schema.yaml")?,
            policy: tree("policy.yaml")?,
            governance: tree("governance.yaml")?,
        })
    }

    /// A copy to run tests in: schema and tests. The policy is written by [`Copy::set_policy`], and
    /// there is no governance, since tests are about what the policy decides.
    pub(super) fn copy(&self) -> Result<Copy, String> {
        let name = self.directory.file_name().unwrap_or_default().to_string_lossy();
        let path = std::env::temp_dir().join(format!("actra-needed-{}-{name}", std::process::id()));
        let copy = Copy { path };
        fs::create_dir_all(&copy.path).map_err(|error| unusable(&copy.path, &error))?;
        copy.write("schema.yaml", &self.schema)?;
        let entries = fs::read_dir(&self.directory).map_err(|e| unusable(&self.directory, &e))?;
        for entry in entries {
            let path = entry.map_err(|error| unusable(&self.directory, &error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(actra::testing::SUFFIX) {
                copy.write(&name, &read(&path)?)?;
            }
        }
        Ok(copy)
    }
}

/// A directory for the time of one check.
pub(super) struct Copy {
    path: PathBuf,
}

impl Copy {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn set_policy(&self, policy: &Value) -> Result<(), String> {
        self.write("policy.yaml", &to_text(policy)?)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.path.join(name);
        fs::write(&path, text).map_err(|error| unusable(&path, &error))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left behind in a directory for such things harms nobody.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

pub(super) fn to_text(document: &Value) -> Result<String, String> {
    serde_yaml::to_string(document).map_err(|error| error.to_string())
}

/// The list below some keys.
pub(super) fn list<'v>(document: &'v Value, keys: &[&str]) -> Result<&'v Vec<Value>, String> {
    let mut value = Some(document);
    for key in keys {
        value = value.and_then(|value| value.get(key));
    }
    value
        .and_then(Value::as_sequence)
        .ok_or_else(|| format!("there is no list `{}`", keys.join(".")))
}

/// A document whose list below some keys is another one.
pub(super) fn with_list(document: &Value, keys: &[&str], list: Vec<Value>) -> Value {
    let mut changed = document.clone();
    let mut value = &mut changed;
    for key in keys {
        let Value::Mapping(mapping) = value else { return changed };
        value = mapping.entry((*key).into()).or_insert(Value::Mapping(Mapping::new()));
    }
    *value = Value::Sequence(list);
    changed
}

pub(super) fn id_of(rule: &Value) -> Result<String, String> {
    let id = rule.get("id").and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| "a rule has no id".to_owned())
}

/// A rule with one key set.
pub(super) fn with_key(rule: &Value, key: &str, value: Value) -> Value {
    let mut changed = rule.clone();
    if let Value::Mapping(mapping) = &mut changed {
        mapping.insert(key.into(), value);
    }
    changed
}
