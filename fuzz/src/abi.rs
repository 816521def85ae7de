//! A sequence of calls of the C ABI, driven by bytes. Pointers are good, as the header asks; all
//! else is whatever the bytes say.

use super::api::*;
use std::ffi::c_char;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

const SCHEMA: &str = "\
version: 1
actions:
  refund: {fields: {amount: integer, note: string, tags: {type: list, items: string}}}
  send: {fields: {labels: {type: map, values: string}, to: {type: object, fields: {host: string}}, at: timestamp}}
actor: {fields: {role: string}}
";
const POLICY: &str = "\
version: 2
evaluation: {combine: most_restrictive}
rules:
  - {id: large, scope: {action: refund}, when: action.amount > 100, effect: require_approval}
  - {id: noted, scope: {action: refund}, when: action.note contains x, effect: require_approval}
  - {id: tagged, scope: {action: refund}, when: 'action.tags contains a', effect: block}
  - {id: labelled, scope: {action: send}, when: 'action.labels[\"k\"] == v', effect: allow}
  - {id: role, scope: {global: true}, when: actor.role == admin, effect: allow}
";

/// Bytes as a stream of choices; zeros when they are used up.
pub struct Choices<'d>(pub &'d [u8]);

impl Choices<'_> {
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let count = usize::from(self.byte()) % (most + 1);
        (0..count).map(|_| self.byte()).collect()
    }

    fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}

/// A slot; lists and strings point into `texts` and `items`, which outlive the call.
fn slot(choices: &mut Choices<'_>, text: &[u8], items: &[ActraSlot]) -> ActraSlot {
    let tag = match choices.byte() {
        0xff => choices.word() as u32,
        byte => u32::from(byte) % 16,
    };
    let mut slot = ActraSlot { tag, len: choices.word() as u32, v: ActraSlotValue { i: 0 } };
    match tag {
        ACTRA_TAG_STRING => {
            slot.len %= text.len() as u32 + 1;
            slot.v.p = text.as_ptr().cast();
        }
        ACTRA_TAG_LIST => {
            slot.len %= items.len() as u32 + 1;
            slot.v.p = items.as_ptr().cast();
        }
        ACTRA_TAG_MAP => {
            slot.len %= items.len() as u32 / 2 + 1;
            slot.v.p = items.as_ptr().cast();
        }
        _ => {
            // Small numbers are offsets and lengths that may fit.
            let is_small = choices.byte().is_multiple_of(2);
            slot.v.off = if is_small { choices.byte().into() } else { choices.word() };
            if is_small {
                slot.len = choices.byte().into();
            }
        }
    }
    slot
}

fn text(text: &[u8]) -> (*const c_char, usize) {
    (text.as_ptr().cast(), text.len())
}

fn compiled() -> *mut ActraPolicy {
    let mut policy = ptr::null_mut();
    let ((schema, schema_len), (rules, rules_len)) =
        (text(SCHEMA.as_bytes()), text(POLICY.as_bytes()));
    let status = unsafe {
        actra_policy_compile(
            schema,
            schema_len,
            rules,
            rules_len,
            ptr::null(),
            0,
            &mut policy,
            ptr::null_mut(),
        )
    };
    assert_eq!(status, ACTRA_STATUS_OK);
    policy
}

/// One policy for all runs: compiling takes far longer than what is tried here.
pub fn shared() -> *mut ActraPolicy {
    static POLICY: AtomicPtr<ActraPolicy> = AtomicPtr::new(ptr::null_mut());
    if POLICY.load(Ordering::Relaxed).is_null() {
        POLICY.store(compiled(), Ordering::Relaxed);
    }
    unsafe { actra_policy_retain(POLICY.load(Ordering::Relaxed)) }
}

fn empty() -> ActraDecision {
    // Poisoned: whatever is not written shows.
    let mut decision: ActraDecision = unsafe { std::mem::zeroed() };
    decision.struct_size = size_of::<ActraDecision>();
    decision.effect = ACTRA_EFFECT_ALLOW;
    decision
}

fn check(status: u32, decision: &ActraDecision) {
    if status == ACTRA_STATUS_OK {
        assert!((ACTRA_EFFECT_ALLOW..=ACTRA_EFFECT_BLOCK).contains(&decision.effect));
        assert_eq!(decision.input_error, ACTRA_INPUT_ERROR_NONE);
    } else {
        assert_eq!(decision.effect, ACTRA_EFFECT_INVALID, "status {status}");
        assert_eq!(decision.input_error != 0, status == ACTRA_STATUS_INPUT_ERROR);
    }
    assert_ne!(status, ACTRA_STATUS_INTERNAL, "a panic inside");
}

fn evaluate(choices: &mut Choices<'_>, policy: *const ActraPolicy) {
    let texts = choices.bytes(40);
    let mut items: Vec<ActraSlot> = Vec::new();
    for _ in 0..choices.byte() % 8 {
        let item = slot(choices, &texts, &[]);
        items.push(item);
    }
    let slots: Vec<ActraSlot> =
        (0..choices.byte() % 20).map(|_| slot(choices, &texts, &items)).collect();
    let mut arena = choices.bytes(80);
    for item in &items {
        let bytes: [u8; 16] = unsafe { std::mem::transmute(*item) };
        arena.extend(bytes);
    }
    let (mut first, mut second) = (empty(), empty());
    let status = unsafe {
        actra_policy_evaluate(
            policy,
            slots.as_ptr(),
            slots.len(),
            arena.as_ptr(),
            arena.len(),
            &mut first,
        )
    };
    check(status, &first);
    let (mut rules, mut missing) = ([0_u32; 64], [0_u32; 64]);
    let (mut rule_count, mut missing_count) = (0, 0);
    let capacity =
        if choices.byte().is_multiple_of(4) { usize::from(choices.byte() % 3) } else { 64 };
    let again = unsafe {
        actra_policy_evaluate_all(
            policy,
            slots.as_ptr(),
            slots.len(),
            arena.as_ptr(),
            arena.len(),
            &mut second,
            rules.as_mut_ptr(),
            capacity,
            &mut rule_count,
            missing.as_mut_ptr(),
            capacity,
            &mut missing_count,
        )
    };
    check(again, &second);
    if again != ACTRA_STATUS_TOO_SHORT {
        assert_eq!(status, again);
        assert_eq!(
            (first.effect, first.rule, first.flags),
            (second.effect, second.rule, second.flags)
        );
        assert_eq!(first.input_error, second.input_error);
    }
}

fn evaluate_text(choices: &mut Choices<'_>, policy: *const ActraPolicy) {
    let bytes = choices.bytes(255);
    let flags = u32::from(choices.byte()) & 7;
    let (input, len) = text(&bytes);
    let mut decision = empty();
    let (mut json, mut error) = (ptr::null_mut(), ptr::null_mut());
    unsafe {
        let status = actra_policy_evaluate_text(
            policy,
            input,
            len,
            flags,
            &mut decision,
            &mut json,
            &mut error,
        );
        check(status, &decision);
        assert_eq!(json.is_null(), status != ACTRA_STATUS_OK);
        actra_buffer_free(json);
        actra_error_free(error);
        let mut explanation = ptr::null_mut();
        let flags = flags | (u32::from(choices.byte()) << 8);
        let status = actra_policy_explain_text(policy, input, len, flags, &mut explanation);
        assert_ne!(status, ACTRA_STATUS_INTERNAL, "a panic inside");
        actra_buffer_free(explanation);
    }
}

/// Questions that are near some that have an answer. Of an artifact none has: its documents are not there.
fn ask(choices: &mut Choices<'_>, policy: *const ActraPolicy, other: *const ActraPolicy) {
    const QUESTIONS: [&str; 4] = [
        r#"{"question": "never allow", "assume": "action.amount > 100", "budget": 999}"#,
        r#"{"question": "always block", "actions": ["send"], "inputs": "complete", "budget": 999}"#,
        r#"{"question": "analyze", "budget": 999}"#,
        r#"{"question": "diff", "budget": 999}"#,
    ];
    let mut question = match QUESTIONS.get(usize::from(choices.byte()) % 5) {
        Some(question) => question.as_bytes().to_vec(),
        None => choices.bytes(255),
    };
    for _ in 0..choices.byte() % 3 {
        let at = choices.byte();
        if let Some(byte) = question.get_mut(usize::from(at)) {
            *byte = choices.byte();
        }
    }
    let other = if choices.byte().is_multiple_of(2) { ptr::null() } else { other };
    let (mut answer, mut error) = (ptr::null_mut(), ptr::null_mut());
    let (text, len) = text(&question);
    unsafe {
        let status = actra_policy_ask(policy, other, text, len, &mut answer, &mut error);
        assert!(
            matches!(
                status,
                ACTRA_STATUS_OK | ACTRA_STATUS_NO_ANSWER | ACTRA_STATUS_INVALID_ARGUMENT
            ),
            "status {status}"
        );
        assert_eq!(answer.is_null(), status != ACTRA_STATUS_OK);
        assert_eq!(error.is_null(), status != ACTRA_STATUS_NO_ANSWER);
        actra_buffer_free(answer);
        actra_error_free(error);
    }
}

fn load(choices: &mut Choices<'_>, policy: *const ActraPolicy) -> *mut ActraPolicy {
    let (mut loaded, mut error, mut buffer) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    unsafe {
        assert_eq!(actra_policy_to_artifact(policy, &mut buffer), ACTRA_STATUS_OK);
        let bytes = std::slice::from_raw_parts(actra_buffer_data(buffer), actra_buffer_len(buffer));
        let mut bytes = bytes.to_vec();
        actra_buffer_free(buffer);
        for _ in 0..choices.byte() % 3 {
            let at = choices.word() as usize % bytes.len();
            bytes[at] ^= choices.byte();
        }
        let status = actra_policy_load(bytes.as_ptr(), bytes.len(), &mut loaded, &mut error);
        assert_eq!(loaded.is_null(), status != ACTRA_STATUS_OK);
        assert_eq!(error.is_null(), status == ACTRA_STATUS_OK);
        actra_error_free(error);
    }
    loaded
}

pub fn run(data: &[u8]) {
    let mut choices = Choices(data);
    let mut policies = vec![shared()];
    // An answer takes far longer than a decision.
    let mut questions = 2;
    while !choices.is_over() {
        let policy = policies[usize::from(choices.byte()) % policies.len()];
        match choices.byte() % 9 {
            0..=2 => evaluate(&mut choices, policy),
            3 => evaluate_text(&mut choices, policy),
            4 => {
                let loaded = load(&mut choices, policy);
                if !loaded.is_null() && policies.len() < 8 {
                    policies.push(loaded);
                } else {
                    unsafe { actra_policy_free(loaded) };
                }
            }
            5 if policies.len() < 8 => policies.push(unsafe { actra_policy_retain(policy) }),
            8 if questions > 0 => {
                questions -= 1;
                let other = policies[usize::from(choices.byte()) % policies.len()];
                ask(&mut choices, policy, other);
            }
            6 if policies.len() > 1 => unsafe { actra_policy_free(policies.swap_remove(0)) },
            _ => {
                let path = choices.bytes(30);
                let (path, len) = text(&path);
                let mut slot = 0;
                let domain = u32::from(choices.byte()) % 5;
                let status = unsafe { actra_policy_slot(policy, domain, path, len, &mut slot) };
                assert_ne!(status, ACTRA_STATUS_INTERNAL, "a panic inside");
                let mut len = 0;
                unsafe { actra_policy_slot_name(policy, choices.word() as u32, &mut len) };
                unsafe { actra_policy_rule_id(policy, choices.word() as u32, &mut len) };
            }
        }
    }
    for policy in policies {
        unsafe { actra_policy_free(policy) };
    }
}
