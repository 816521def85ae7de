//! `actra inspect`.

use super::hash::Identity;
use super::sign::revision;
use crate::args::{Format, Inspect};
use crate::failure::Failure;
use crate::output::{self, Paint, clean, count};
use actra::signing::KeyId;
use actra::{Policy, RuleId};
use anstream::ColorChoice;
use serde::Serialize;
use std::fmt::Write as _;

/// Columns of rule ids that are lined up.
const ID_COLUMNS: usize = 40;

/// Everything there is to tell. `docs/cli.md` describes the shape.
#[derive(Debug, Serialize)]
struct Report<'p> {
    path: String,
    kind: &'static str,
    bytes: usize,
    compiler: &'p str,
    identity: Identity,
    language: u8,
    evaluation: Evaluation,
    sources: Vec<&'p str>,
    /// Those of the sources that the file holds.
    documents: Vec<Document<'p>>,
    signatures: Vec<Signature>,
    proofs: Vec<Proof<'p>>,
    slots: Vec<Slot<'p>>,
    actions: Vec<Action<'p>>,
    rules: Vec<Rule<'p>>,
    ops: usize,
    disassembly: String,
}

/// Who is said to have signed the file.
#[derive(Debug, Serialize)]
struct Signature {
    key_id: String,
    /// Whether the key is trusted, and the signature was checked.
    verified: bool,
}

#[derive(Debug, Serialize)]
struct Document<'p> {
    name: &'p str,
    bytes: usize,
}

/// A promise that was proved; of a file, unless a trusted key has signed it, its claim.
#[derive(Debug, Serialize)]
struct Proof<'p> {
    /// The governance rule that asks for it.
    rule: &'p str,
    /// As a governance document writes it: `never: allow`.
    promise: String,
    actions: Vec<&'p str>,
    /// Whether it is only about inputs that its governance rule assumes.
    assumes: bool,
    /// `complete`: only about inputs that have every declared field.
    inputs: &'static str,
    /// The SHA-256 of the governance document.
    governance: String,
    /// The version of the analyser that proved it.
    analyser: u32,
}

/// The settings as a policy spells them.
#[derive(Debug, Serialize)]
struct Evaluation {
    combine: &'static str,
    default: &'static str,
    missing: &'static str,
    inputs: &'static str,
}

#[derive(Debug, Serialize)]
struct Slot<'p> {
    number: usize,
    name: &'p str,
    domain: &'static str,
}

#[derive(Debug, Serialize)]
struct Action<'p> {
    name: &'p str,
    fields: usize,
}

/// A rule; they stand in the order in which they decide.
#[derive(Debug, Serialize)]
struct Rule<'p> {
    id: &'p str,
    effect: &'static str,
    mode: &'static str,
    /// Its place among the rules of the documents, from 0.
    position: u32,
    source: Option<&'p str>,
    line: Option<u32>,
    column: Option<u32>,
    description: Option<&'p str>,
    message: Option<&'p str>,
    first_op: u32,
    ops: u32,
}

pub(super) fn run(args: &Inspect, color: ColorChoice) -> Result<(), Failure> {
    let policy = args.trust.load(&args.policy)?;
    let report = Report::of(&policy, args.policy.display().to_string());
    let text = match args.format {
        Format::Json => output::pretty_json(&report),
        Format::Text => report.to_text(),
    };
    output::print(&text, args.format, color)
}

impl<'p> Report<'p> {
    fn of(policy: &'p Policy, path: String) -> Self {
        let program = policy.program();
        let metadata = policy.metadata();
        let settings = program.settings();
        let slots = program.slots().iter().enumerate();
        let actions = program.actions().iter();
        Self {
            path,
            kind: if policy.is_artifact() { "artifact" } else { "directory" },
            bytes: policy.to_artifact().len(),
            compiler: metadata.compiler(),
            identity: Identity::of(policy),
            language: settings.language,
            evaluation: Evaluation {
                combine: if settings.collects_approvals {
                    "most_restrictive"
                } else {
                    "first_match"
                },
                default: settings.default.as_str(),
                missing: if settings.missing_is_unknown { "fail_closed" } else { "no_match" },
                inputs: if settings.checks_inputs { "checked" } else { "unchecked" },
            },
            sources: metadata.sources().collect(),
            documents: policy
                .documents()
                .map(|(name, text)| Document { name, bytes: text.len() })
                .collect(),
            proofs: policy.proofs().map(Proof::of).collect(),
            signatures: signatures(policy),
            slots: slots
                .map(|(number, found)| Slot {
                    number,
                    name: program.text(found.name),
                    domain: found.domain.as_str(),
                })
                .collect(),
            actions: actions
                .map(|action| Action {
                    name: program.text(action.name),
                    fields: program
                        .action_of_symbol(action.name)
                        .map_or(0, |id| program.action_fields(id).len()),
                })
                .collect(),
            rules: rules(policy),
            ops: program.ops().len(),
            disassembly: program.disassemble().to_string(),
        }
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        let mut line = |label: &str, what: &str| {
            let _ = writeln!(text, "{}  {what}", Paint::Label.of(&format!("{label:<14}")));
        };
        line(self.kind, &Paint::Strong.of(&clean(&self.path)));
        line("size", &count(self.bytes, "byte"));
        line("compiler", &clean(self.compiler));
        let claimed = if self.identity.claimed { "  (as the file says)" } else { "" };
        line("policy hash", &format!("{}{claimed}", self.identity.policy_hash));
        line("program digest", &self.identity.program_digest);
        line("revision", &format!("{}{claimed}", revision(self.identity.revision)));
        line("sources", &clean(&self.sources.join(", ")));
        if !self.documents.is_empty() {
            let bytes = self.documents.iter().map(|document| document.bytes).sum();
            let held = format!("{}, {}", self.documents.len(), count(bytes, "byte"));
            line("documents", &held);
        }
        for Signature { key_id, verified } in &self.signatures {
            let known = if *verified { "verified" } else { "as the file says" };
            line("signed by", &format!("{key_id}  ({known})"));
        }
        let heading = |text: &mut String, title: &str| {
            let _ = writeln!(text, "\n{}", Paint::Strong.of(title));
        };

        if !self.proofs.is_empty() {
            heading(&mut text, &format!("proved promises ({}){claimed}", self.proofs.len()));
            self.tell_proofs(&mut text);
        }
        heading(&mut text, &format!("slots ({})", self.slots.len()));
        for slot in &self.slots {
            let _ = writeln!(text, "  {:>4}  {}", slot.number, clean(slot.name));
        }
        heading(
            &mut text,
            &format!("rules ({}), in the order in which they decide", self.rules.len()),
        );
        let columns = self.rules.iter().map(|rule| rule.id.chars().count()).max().unwrap_or(0);
        for rule in &self.rules {
            text.push_str(&rule.to_line(columns.min(ID_COLUMNS)));
        }
        heading(&mut text, "program");
        for line in self.disassembly.lines() {
            let _ = writeln!(text, "{}", clean(line));
        }
        text
    }

    /// What is promised, by which governance rule, of which actions and under which conditions.
    fn tell_proofs(&self, text: &mut String) {
        let columns = self.proofs.iter().map(|proof| proof.rule.chars().count()).max().unwrap_or(0);
        let columns = columns.min(ID_COLUMNS);
        for proof in &self.proofs {
            let promise = format!("{:<23}", proof.promise);
            let actions = clean(&proof.actions.join(", "));
            let _ = write!(text, "  {promise}  {:<columns$}  {actions}", clean(proof.rule));
            let conditions = match (proof.assumes, proof.inputs) {
                (false, "partial") => "",
                (false, _) => "  for complete inputs",
                (true, "partial") => "  as far as its `assume` goes",
                (true, _) => "  as far as its `assume` goes, for complete inputs",
            };
            let _ = writeln!(text, "{}", Paint::Label.of(conditions));
        }
        if let Some(Proof { governance, analyser, .. }) = self.proofs.first() {
            let by = format!("by analyser {analyser}, governance document {governance}");
            let _ = writeln!(text, "  {}", Paint::Label.of(&by));
        }
    }
}

impl<'p> Proof<'p> {
    fn of(proof: actra::Proof<'p>) -> Self {
        Self {
            rule: proof.rule,
            promise: proof.promise.to_string(),
            actions: proof.actions().collect(),
            assumes: proof.has_assumption,
            inputs: if proof.is_complete { "complete" } else { "partial" },
            governance: proof.governance.to_string(),
            analyser: proof.analyser,
        }
    }
}

fn signatures(policy: &Policy) -> Vec<Signature> {
    let ids = policy.signatures().iter().map(|signature| KeyId(signature.key_id));
    ids.map(|id| Signature {
        key_id: id.to_string(),
        verified: policy.verified_keys().contains(&id),
    })
    .collect()
}

fn rules(policy: &Policy) -> Vec<Rule<'_>> {
    let program = policy.program();
    let rules = program.rules().iter().enumerate();
    rules
        .map(|(index, rule)| {
            let known = policy.metadata().rule(RuleId(index as u32));
            let placed = known.filter(|known| known.source.is_some());
            Rule {
                id: program.text(rule.id),
                effect: rule.effect.as_str(),
                mode: if rule.shadow { "shadow" } else { "enforce" },
                position: rule.position,
                source: placed.and_then(|known| known.source),
                line: placed.map(|known| known.line),
                column: placed.map(|known| known.column),
                description: known.map(|known| known.description).filter(|text| !text.is_empty()),
                message: rule.message.map(|message| program.text(message)),
                first_op: rule.entry,
                ops: rule.end.saturating_sub(rule.entry),
            }
        })
        .collect()
}

impl Rule<'_> {
    /// Effect, id, place and description.
    fn to_line(&self, columns: usize) -> String {
        let paint = match self.effect {
            "allow" => Paint::Allow,
            "block" => Paint::Block,
            _ => Paint::Approval,
        };
        let effect = paint.of(&format!("{:<16}", self.effect));
        let mut line = format!("  {effect}  {:<columns$}", clean(self.id));
        if let (Some(source), Some(number)) = (self.source, self.line) {
            let _ = write!(line, "  {}:{number}", clean(source));
        }
        if self.mode == "shadow" {
            let _ = write!(line, "  {}", Paint::Help.of("shadow"));
        }
        if let Some(description) = self.description {
            let _ = write!(line, "  {}", Paint::Label.of(&clean(description)));
        }
        line.push('\n');
        line
    }
}
