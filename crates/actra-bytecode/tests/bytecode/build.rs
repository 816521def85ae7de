//! Programs built by hand.

use actra_bytecode::artifact::{
    Artifact, Digest, Identity, Metadata, Promise, Proofs, ProvedPromise, Signature,
};
use actra_bytecode::ids::{ActionId, SlotId};
use actra_bytecode::op::{Comparison, Flags, Op, OpCode};
use actra_bytecode::parts::*;
use actra_bytecode::{Effect, Number, Program};
use std::collections::BTreeSet;

/// Builds parts from texts and values: strings, numbers and lists are interned as they come, and
/// sorted at the end.
#[derive(Default)]
pub(crate) struct Builder {
    pub(crate) parts: Parts,
    strings: Vec<String>,
    numbers: Vec<Number>,
    slots: Vec<String>,
    pub(crate) ops: Vec<Op>,
}

impl Builder {
    /// A builder that knows these strings, numbers and slots.
    pub(crate) fn new(strings: &[&str], numbers: &[Number], slots: &[&str]) -> Self {
        let segments = slots.iter().map(|slot| segment(slot));
        let all: BTreeSet<&str> =
            strings.iter().copied().chain(slots.iter().copied()).chain(segments).collect();
        let mut numbers = numbers.to_vec();
        numbers.sort_by(|a, b| a.total_order(*b));
        let mut slots: Vec<String> = slots.iter().map(ToString::to_string).collect();
        slots.sort();
        let mut new = Self {
            strings: all.into_iter().map(str::to_owned).collect(),
            numbers,
            slots,
            ..Self::default()
        };
        new.parts.settings =
            SettingsPart { language: 2, combine: 1, default: 3, missing: 1, inputs: 1 };
        for string in &new.strings {
            new.parts.text.extend(string.as_bytes());
            new.parts.string_ends.push(new.parts.text.len() as u32);
        }
        for number in &new.numbers {
            new.parts.numbers.push(match number {
                Number::Integer(value) => NumberPart { tag: 1, bits: *value as u64 },
                Number::Float(value) => NumberPart { tag: 2, bits: value.to_bits() },
            });
        }
        for slot in new.slots.clone() {
            let part = new.slot_part(&slot);
            new.parts.slots.push(part);
        }
        new
    }

    fn slot_part(&self, name: &str) -> SlotPart {
        let outer =
            &name[..name.len() - segment(name).len() - if name.ends_with(']') { 4 } else { 1 }];
        let parent = self.slots.iter().position(|slot| slot == outer);
        SlotPart {
            name: self.string(name),
            domain: match name.split('.').next().unwrap() {
                "action" => 1,
                "actor" => 2,
                _ => 3,
            },
            kind: if name.ends_with(']') { 2 } else { 1 },
            symbolic: 0,
            parent: parent.map_or(NO_SLOT, |parent| parent as u16),
            segment: self.string(segment(name)),
        }
    }

    pub(crate) fn string(&self, text: &str) -> u32 {
        self.strings.binary_search_by(|known| known.as_str().cmp(text)).expect(text) as u32
    }

    pub(crate) fn number(&self, value: Number) -> u32 {
        self.numbers
            .iter()
            .position(|known| known.total_order(value).is_eq())
            .expect("a known number") as u32
    }

    pub(crate) fn integer(&self, value: i64) -> u32 {
        self.number(Number::Integer(value))
    }

    pub(crate) fn slot(&self, name: &str) -> u16 {
        self.slots.iter().position(|slot| slot == name).expect(name) as u16
    }

    fn list(&mut self, mut items: Vec<u32>) -> u32 {
        items.sort_unstable();
        self.parts.list_items.extend(items);
        self.parts.list_ends.push(self.parts.list_items.len() as u32);
        self.parts.list_ends.len() as u32 - 1
    }

    pub(crate) fn strings(&mut self, texts: &[&str]) -> u32 {
        let items = texts.iter().map(|text| self.string(text)).collect();
        self.list(items)
    }

    pub(crate) fn integers(&mut self, values: &[i64]) -> u32 {
        let items = values.iter().map(|value| self.integer(*value)).collect();
        self.list(items)
    }

    /// A field without constraint and default.
    pub(crate) fn field(&mut self, slot: &str, ty: u8) -> &mut FieldPart {
        let slot = self.slot(slot);
        self.parts.fields.push(FieldPart {
            slot,
            ty,
            required: 0,
            constraint: NONE,
            default: NONE,
        });
        self.parts.fields.last_mut().unwrap()
    }

    pub(crate) fn fields(&mut self, fields: &[(&str, u8)]) {
        for (slot, ty) in fields {
            self.field(slot, *ty);
        }
    }

    pub(crate) fn end_of_common(&mut self) {
        self.parts.common_end = self.parts.fields.len() as u32;
    }

    pub(crate) fn end_of_action(&mut self, name: &str) {
        let name = self.string(name);
        let fields_end = self.parts.fields.len() as u32;
        self.parts.actions.push(ActionPart { name, fields_end });
    }

    pub(crate) fn end_of_actor(&mut self) {
        self.parts.actor_end = self.parts.fields.len() as u32;
    }

    /// An op that jumps, when it fails, to a target that counts from the rule's first op.
    pub(crate) fn op(&mut self, code: OpCode, slot: &str, operand: u32, target: u32) -> &mut Op {
        let entry = self.parts.rules.last().expect("a rule").entry;
        let target = entry + target;
        let slot = SlotId(self.slot(slot));
        if code.reads_symbols() {
            self.parts.slots[slot.index()].symbolic = 1;
        }
        self.ops.push(Op { code, flags: Flags(0), slot, operand, extra: 0, target });
        self.ops.last_mut().unwrap()
    }

    pub(crate) fn compare(
        &mut self,
        code: OpCode,
        slot: &str,
        how: Comparison,
        operand: u32,
        target: u32,
    ) {
        self.op(code, slot, operand, target).extra = how.encode();
    }

    pub(crate) fn verdicts(&mut self) {
        self.ops.extend([Op::FIRE, Op::SKIP]);
    }

    pub(crate) fn rule(&mut self, id: &str, effect: u8, position: u32) -> &mut RulePart {
        let id = self.string(id);
        let entry = self.ops.len() as u32;
        self.parts.rules.push(RulePart {
            id,
            effect,
            shadow: 0,
            position,
            message: NONE,
            required_actions: NONE,
            entry,
        });
        self.parts.rules.last_mut().unwrap()
    }

    pub(crate) fn group(&mut self, always: &[u32]) {
        self.parts.postings.extend(always);
        self.parts.groups.push(GroupPart {
            always_end: self.parts.postings.len() as u32,
            indexes_end: self.parts.indexes.len() as u32,
        });
    }

    /// Adds an index to the last group.
    pub(crate) fn index(&mut self, slot: &str, kind: u8, missing: &[u32], keys: &[(u32, &[u32])]) {
        self.parts.postings.extend(missing);
        let missing_end = self.parts.postings.len() as u32;
        for (key, rules) in keys {
            self.parts.postings.extend(*rules);
            self.parts.keys.push(KeyPart { key: *key, end: self.parts.postings.len() as u32 });
        }
        let keys_end = self.parts.keys.len() as u32;
        let slot = self.slot(slot);
        self.parts.indexes.push(IndexPart { slot, kind, missing_end, keys_end });
        self.parts.groups.last_mut().unwrap().indexes_end += 1;
    }

    pub(crate) fn finish(mut self) -> Parts {
        self.parts.code = self.ops.iter().flat_map(Op::encode).collect();
        self.parts
    }
}

fn segment(slot: &str) -> &str {
    match slot.strip_suffix("\"]") {
        Some(entry) => entry.rsplit('"').next().unwrap(),
        None => slot.rsplit('.').next().unwrap(),
    }
}

/// A policy about refunds and payouts, with a little of everything that a table can hold.
pub(crate) fn refunds() -> Parts {
    let strings = [
        "",
        "refund",
        "payout",
        "lead",
        "supervisor",
        "vip",
        "waived",
        "frozen",
        "leads_only",
        "large",
        "labelled",
        "rest",
        "Ask a lead.",
        "EUR",
        "USD",
        "10.0.0.0/8",
        "ai_agent",
        "{\"role\":\"lead\",\"type\":\"human_approval\"}",
    ];
    let numbers = [
        Number::Integer(0),
        Number::Integer(8),
        Number::Integer(1000),
        Number::Integer(1_700_000_000_000_000),
        Number::Float(0.5),
    ];
    let slots = [
        "action.amount",
        "action.currency",
        "action.customer",
        "action.customer.tier",
        "action.express",
        "action.labels",
        "action.labels[\"k\"]",
        "action.tags",
        "action.tenant",
        "action.type",
        "actor.ip",
        "actor.role",
        "actor.type",
        "snapshot.frozen",
        "snapshot.limit",
        "snapshot.until",
    ];
    let mut b = Builder::new(&strings, &numbers, &slots);

    let (zero, thousand, half) = (b.integer(0), b.integer(1000), b.number(Number::Float(0.5)));
    let currencies = b.strings(&["EUR", "USD"]);
    let tags = b.strings(&["vip", "waived"]);
    let none = ConstraintPart {
        allowed: NONE,
        min: NONE,
        max: NONE,
        max_length: u64::MAX,
        max_items: u64::MAX,
        unique: 0,
    };
    b.parts.constraints = vec![
        ConstraintPart { min: half, max: thousand, ..none },
        ConstraintPart { allowed: currencies, ..none },
        ConstraintPart { allowed: tags, max_length: 8, max_items: 4, unique: 1, ..none },
    ];
    for slot in ["action.currency", "action.tags"] {
        let slot = usize::from(b.slot(slot));
        b.parts.slots[slot].symbolic = 1;
    }
    b.field("action.tenant", 1).required = 1;
    b.end_of_common();
    b.field("action.amount", 2).constraint = 0;
    b.end_of_action("payout");
    b.field("action.amount", 2).default = zero;
    b.field("action.currency", 1).constraint = 1;
    b.fields(&[("action.customer", 9), ("action.customer.tier", 1)]);
    b.field("action.express", 4).default = 0;
    b.fields(&[("action.labels", 10), ("action.labels[\"k\"]", 1)]);
    b.field("action.tags", 6).constraint = 2;
    b.end_of_action("refund");
    b.fields(&[("actor.ip", 1), ("actor.role", 1), ("actor.type", 1)]);
    b.end_of_actor();
    b.fields(&[("snapshot.frozen", 4), ("snapshot.limit", 3), ("snapshot.until", 5)]);
    rules(&mut b);
    b.finish()
}

fn rules(b: &mut Builder) {
    let unknown_fires = Flags::MISSING_HOLDS | Flags::MALFORMED_HOLDS;

    b.rule("frozen", 3, 4);
    let instant = b.integer(1_700_000_000_000_000);
    b.op(OpCode::BooleanIn, "snapshot.frozen", 2, 3).flags.0 = unknown_fires;
    b.compare(OpCode::InstantCompare, "snapshot.until", Comparison::GREATER, instant, 3);
    b.verdicts();

    let leads = b.strings(&["lead", "supervisor"]);
    let actions = b.strings(&["{\"role\":\"lead\",\"type\":\"human_approval\"}"]);
    let message = b.string("Ask a lead.");
    let rule = b.rule("leads_only", 2, 0);
    (rule.message, rule.required_actions) = (message, actions);
    b.op(OpCode::StringIn, "actor.role", leads, 2).flags.0 = unknown_fires;
    b.verdicts();

    b.rule("large", 2, 1).shadow = 1;
    let lead = b.string("lead");
    b.op(OpCode::StringEquals, "actor.role", lead, 5).flags.0 = unknown_fires;
    let thousand = b.integer(1000);
    b.compare(OpCode::NumberCompare, "action.amount", Comparison::GREATER, thousand, 4);
    let dfa = DfaPart { classes: vec![0; 256], transitions: vec![0, 0], accepting: vec![1] };
    b.parts.dfas = vec![dfa];
    b.op(OpCode::StringMatches, "action.tenant", 0, 4).flags.0 |= Flags::JUMP_IF_HOLDS;
    b.parts.networks = vec![
        NetworkPart { family: 0, prefix: 0, address: [0; 16] },
        NetworkPart {
            family: 4,
            prefix: 8,
            address: [10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        },
    ];
    b.parts.network_list_ends = vec![2];
    b.op(OpCode::InNetwork, "actor.ip", 0, 5).flags.0 = Flags::NEGATE;
    b.verdicts();

    b.rule("labelled", 1, 2);
    let vip = b.string("vip");
    b.op(OpCode::StringEquals, "action.labels[\"k\"]", vip, 3);
    b.op(OpCode::StringIn, "action.tags", leads, 3).flags.0 = Flags::EVERY | Flags::NEGATE_ITEM;
    b.verdicts();

    b.rule("rest", 1, 3);
    b.parts.sums = vec![SumPart { sign: 2, kind: 1, value: 5 }];
    let limit = u32::from(b.slot("snapshot.limit"));
    b.compare(OpCode::SumCompare, "snapshot.limit", Comparison::LESS_OR_EQUAL, limit, 2);
    b.verdicts();

    let supervisor = b.string("supervisor");
    b.group(&[0, 4]);
    b.index("actor.role", 1, &[1], &[(lead, &[1]), (supervisor, &[1])]);
    b.group(&[]);
    b.index("actor.role", 1, &[2], &[(lead, &[2])]);
    b.group(&[3]);
    b.index("actor.role", 1, &[2], &[(lead, &[2])]);
}

/// An artifact of [`refunds`] with two signatures.
pub(crate) fn artifact() -> Artifact {
    let program = Program::verify(refunds()).unwrap();
    let mut metadata = Metadata::new("actra 0.8.0", ["policy.yaml", "policies/more.yaml"]);
    metadata.push_rule(Some((0, 30, 5)), "Nothing moves while the account is frozen");
    metadata.push_rule(Some((0, 8, 5)), "");
    metadata.push_rule(Some((1, 3, 5)), "Large sums\nneed two people");
    metadata.push_rule(None, "Labelled");
    metadata.push_rule(Some((1, 12, 7)), "");
    let identity = Identity { policy_hash: Digest([7; 32]), revision: 42 };
    signed(Artifact::new(program, identity, metadata).unwrap())
}

/// The governance document that [`proofs`] are of.
pub(crate) const GOVERNANCE: &str = "version: 2\n";

/// Promises that might have been proved of it.
pub(crate) fn proofs() -> Proofs {
    let proved = |rule, promise, actions: &[u32]| ProvedPromise {
        rule,
        promise,
        is_complete: rule == "no_refunds",
        has_assumption: actions.len() == 1,
        actions: actions.iter().copied().map(ActionId).collect(),
    };
    let proved = vec![
        proved("no_refunds", Promise::Never(Effect::Allow), &[0, 1]),
        proved("frozen", Promise::Always(Effect::Block), &[1]),
        proved("frozen", Promise::Never(Effect::Allow), &[0]),
    ];
    Proofs::new(1, Digest::of(GOVERNANCE.as_bytes()), proved)
}

/// The texts of its sources.
pub(crate) const DOCUMENTS: [&str; 2] = ["version: 2\n# für alle\n", "version: 2\nrules: []\n"];

/// The same artifact with proofs and documents: of the format's minor version 1.
pub(crate) fn full() -> Artifact {
    let plain = artifact().with_proofs(proofs()).unwrap();
    signed(plain.with_documents(DOCUMENTS).unwrap())
}

pub(crate) fn signed(mut artifact: Artifact) -> Artifact {
    for key in [9, 3] {
        artifact.add_signature(Signature { key_id: [key; 32], signature: [key; 64] }).unwrap();
    }
    artifact
}
