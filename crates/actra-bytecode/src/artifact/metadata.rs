//! The metadata section: names for people. It is verified so that showing it cannot go wrong, and
//! nothing in it can change a decision.

use super::ArtifactError;
use super::read::Reader;
use crate::ids::RuleId;
use crate::limits::MAX_SOURCES;
use crate::parts::NONE;
use crate::program::Program;
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes of a rule's record.
const RULE: usize = 16;

/// Names for people: where each rule stands and what it is about.
///
/// ```
/// # use actra_bytecode::artifact::Metadata;
/// # use actra_bytecode::ids::RuleId;
/// let mut metadata = Metadata::new("actra 0.8.0", ["policy.yaml"]);
/// metadata.push_rule(Some((0, 7, 5)), "Agents may not move much money alone");
/// let rule = metadata.rule(RuleId(0)).unwrap();
/// assert_eq!((rule.source, rule.line, rule.column), (Some("policy.yaml"), 7, 5));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The compiler's version, the names of the sources, the rules' descriptions.
    text: String,
    compiler_end: u32,
    source_ends: Vec<u32>,
    rules: Vec<RuleRecord>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RuleRecord {
    source: u32,
    line: u32,
    column: u32,
    description_end: u32,
}

/// What is known of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleMetadata<'a> {
    /// The file that it stands in.
    pub source: Option<&'a str>,
    /// The line, from 1; 0 without a source.
    pub line: u32,
    /// The column in characters, from 1; 0 without a source.
    pub column: u32,
    /// Its description; empty where it has none.
    pub description: &'a str,
}

impl Metadata {
    /// Metadata without rules yet. Source names differ and hold no control characters.
    pub fn new<'a>(compiler: &str, sources: impl IntoIterator<Item = &'a str>) -> Self {
        let mut text = String::from(compiler);
        let compiler_end = text.len() as u32;
        let mut source_ends = Vec::new();
        for source in sources {
            text.push_str(source);
            source_ends.push(text.len() as u32);
        }
        Self { text, compiler_end, source_ends, rules: Vec::new() }
    }

    /// Adds the next rule, in decision order, with the number of its source, its line and column.
    pub fn push_rule(&mut self, place: Option<(u32, u32, u32)>, description: &str) {
        self.text.push_str(description);
        let (source, line, column) = place.unwrap_or((NONE, 0, 0));
        let description_end = self.text.len() as u32;
        self.rules.push(RuleRecord { source, line, column, description_end });
    }

    /// The compiler's version.
    pub fn compiler(&self) -> &str {
        self.text.get(..self.compiler_end as usize).unwrap_or("")
    }

    /// The names of the source files.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.source_ends.len()).map(|source| self.source(source).unwrap_or(""))
    }

    fn source(&self, source: usize) -> Option<&str> {
        let end = *self.source_ends.get(source)?;
        let start = match source.checked_sub(1) {
            Some(before) => *self.source_ends.get(before)?,
            None => self.compiler_end,
        };
        self.text.get(start as usize..end as usize)
    }

    /// How many rules there are.
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// What is known of the rule.
    pub fn rule(&self, rule: RuleId) -> Option<RuleMetadata<'_>> {
        let RuleRecord { source, line, column, description_end } = *self.rules.get(rule.index())?;
        let start = match rule.index().checked_sub(1) {
            Some(before) => self.rules.get(before)?.description_end,
            None => self.names_end(),
        };
        Some(RuleMetadata {
            source: self.source(source as usize),
            line,
            column,
            description: self.text.get(start as usize..description_end as usize)?,
        })
    }

    /// Where the compiler's version and the names of the sources end.
    fn names_end(&self) -> u32 {
        self.source_ends.last().copied().unwrap_or(self.compiler_end)
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let counts = [self.compiler_end, self.source_ends.len() as u32, self.rules.len() as u32];
        let rules = self
            .rules
            .iter()
            .flat_map(|rule| [rule.source, rule.line, rule.column, rule.description_end]);
        let numbers = counts.into_iter().chain(self.source_ends.iter().copied()).chain(rules);
        let mut bytes: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        bytes.extend_from_slice(self.text.as_bytes());
        bytes
    }

    /// Reads the section of a program with so many rules.
    pub(super) fn read(mut reader: Reader<'_>, rule_count: usize) -> Result<Self, ArtifactError> {
        let compiler_end = reader.u32()?;
        let source_count = reader.u32()? as usize;
        let rules = reader.u32()? as usize;
        bounded(source_count)?;
        counted(rules, rule_count)?;
        let source_ends =
            reader.records(source_count)?.iter().map(|end| u32::from_le_bytes(*end)).collect();
        let rules = reader.records::<RULE>(rules)?.iter().map(RuleRecord::read).collect();
        let text = core::str::from_utf8(reader.rest())
            .map_err(|_| ArtifactError::BadMetadata { what: "the text is not UTF-8", entry: 0 })?;
        Ok(Self { text: String::from(text), compiler_end, source_ends, rules })
    }

    /// Verifies that every reference leads somewhere and that the rules are the program's.
    pub(super) fn verify(&self, program: &Program) -> Result<(), ArtifactError> {
        let bad = |what, entry| Err(ArtifactError::BadMetadata { what, entry });
        bounded(self.source_ends.len())?;
        counted(self.rules.len(), program.rules().len())?;
        if self.text.len() >= NONE as usize {
            return bad("the text is too long", self.rules.len());
        }
        if self.text.get(..self.compiler_end as usize).is_none_or(has_controls) {
            return bad("the compiler's version is malformed", 0);
        }
        let mut names = Vec::with_capacity(self.source_ends.len());
        for entry in 0..self.source_ends.len() {
            match self.source(entry) {
                Some(name) if !has_controls(name) => names.push(name),
                _ => return bad("the source's name is malformed", entry),
            }
        }
        names.sort_unstable();
        if let Some(entry) = names.windows(2).position(|pair| matches!(pair, [a, b] if a == b)) {
            return bad("the source is listed twice", entry);
        }
        let mut start = self.names_end();
        for (entry, rule) in self.rules.iter().enumerate() {
            if self.text.get(start as usize..rule.description_end as usize).is_none() {
                return bad("the description does not follow the one before", entry);
            }
            start = rule.description_end;
            let is_placed = (rule.source as usize) < self.source_ends.len();
            let fits = match rule.source {
                NONE => (rule.line, rule.column) == (0, 0),
                _ => is_placed && rule.line > 0 && rule.column > 0,
            };
            if !fits {
                return bad("the place is none in the sources", entry);
            }
        }
        if start as usize == self.text.len() {
            Ok(())
        } else {
            bad("text is left over", self.rules.len())
        }
    }
}

fn bounded(sources: usize) -> Result<(), ArtifactError> {
    if sources <= MAX_SOURCES {
        Ok(())
    } else {
        Err(ArtifactError::BadMetadata { what: "more sources than allowed", entry: sources - 1 })
    }
}

fn counted(rules: usize, of_program: usize) -> Result<(), ArtifactError> {
    if rules == of_program {
        Ok(())
    } else {
        Err(ArtifactError::BadMetadata { what: "it lists another number of rules", entry: rules })
    }
}

fn has_controls(text: &str) -> bool {
    text.chars().any(char::is_control)
}

impl RuleRecord {
    fn read(bytes: &[u8; RULE]) -> Self {
        let [s0, s1, s2, s3, l0, l1, l2, l3, c0, c1, c2, c3, e0, e1, e2, e3] = *bytes;
        let [source, line, column, description_end] =
            [[s0, s1, s2, s3], [l0, l1, l2, l3], [c0, c1, c2, c3], [e0, e1, e2, e3]]
                .map(u32::from_le_bytes);
        Self { source, line, column, description_end }
    }
}
