//! Enforcement from Rust: what runs, how often, and who hears of it.

use actra::runtime::AdmitError;
use actra::{Action, Effect, InputCode, InputValue, Policy, Runtime};
use serde::Serialize;
use serde_json::json;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

const SCHEMA: &str = "\
version: 1
actions: {refund: {fields: {amount: {type: integer, required: true}}}}
actor: {fields: {role: string}}
snapshot: {fields: {total: number}}
";

const RULES: &str = "\
version: 2
rules:
  - {id: fraud, scope: {action: refund}, when: snapshot.total > 1000, effect: block, message: Too much.}
  - {id: large, scope: {action: refund}, when: action.amount > 500, effect: require_approval}
  - {id: support, scope: {action: refund}, when: actor.role == \"support\", effect: allow}
";

fn policy() -> Policy {
    Policy::from_strings(SCHEMA, RULES, None).unwrap()
}

struct Request {
    role: &'static str,
    total: f64,
}

const SUPPORT: Request = Request { role: "support", total: 0.0 };

fn runtime() -> Runtime<Request> {
    Runtime::builder(policy())
        .actor(|request: &Request| json!({"role": request.role}))
        .try_snapshot(|request, action| {
            let amount = match action.get("amount") {
                Some(InputValue::Integer(amount)) => *amount as f64,
                _ => 0.0,
            };
            Ok(json!({"total": request.total + amount}))
        })
        .build()
}

fn refund(amount: i64) -> Action {
    Action::new("refund").with("amount", amount)
}

#[test]
fn an_operation_runs_only_if_it_is_allowed() {
    let runtime = runtime();
    let runs = Cell::new(0);
    let run = || runs.set(runs.get() + 1);
    runtime.admit(refund(20), &SUPPORT, run).unwrap();
    assert_eq!(runs.get(), 1);

    let approval = runtime.admit(refund(600), &SUPPORT, run).unwrap_err();
    assert!(matches!(approval, AdmitError::ApprovalRequired(_)), "{approval:?}");
    let blocked = runtime.admit(refund(20), &Request { role: "support", total: 990.0 }, run);
    let blocked = blocked.unwrap_err();
    assert_eq!(blocked.to_string(), "action `refund` is blocked by rule `fraud`: Too much.");
    let denial = blocked.policy_error().unwrap();
    assert_eq!(
        denial.to_json(),
        json!({
            "action": "refund",
            "decision": {"effect": "block", "matched_rule": "fraud", "message": "Too much."},
            "context": {
                "action": {"type": "refund", "amount": 20},
                "actor": {"role": "support"},
                "snapshot": {"total": 1010.0},
            },
        })
    );
    let default = runtime.admit(refund(20), &Request { role: "guest", total: 0.0 }, run);
    assert!(default.unwrap_err().to_string().ends_with("by default: no rule fired"));
    assert_eq!(runs.get(), 1);
}

#[test]
fn an_error_is_never_an_allow() {
    let runs = Cell::new(0);
    let run = || runs.set(runs.get() + 1);
    let input = runtime().admit("refund", &SUPPORT, run).unwrap_err();
    assert!(
        matches!(input, AdmitError::Input(ref error) if error.code == InputCode::MissingRequired)
    );
    let twice = runtime().admit(refund(1).with("amount", 2), &SUPPORT, run).unwrap_err();
    assert!(matches!(twice, AdmitError::Input(ref error) if error.code == InputCode::DuplicateKey));

    let fails = Runtime::builder(policy())
        .try_actor(|(): &(), _| Err::<(), _>("the directory is down".into()))
        .build();
    let error = fails.admit(refund(20), &(), run).unwrap_err();
    assert_eq!(error.to_string(), "the resolver of `actor` failed: the directory is down");
    assert!(fails.allow(refund(20), &()).is_err());
    assert!(fails.block(refund(20), &()).is_err());
    assert!(fails.requires_approval(refund(20), &()).is_err());

    let panics = Runtime::builder(policy()).actor(|(): &()| -> () { panic!("no actor") }).build();
    assert!(catch_unwind(AssertUnwindSafe(|| panics.admit(refund(20), &(), run))).is_err());
    // A resolver that gives no object: a domain is not one.
    let list = Runtime::builder(policy()).actor(|(): &()| vec!["support"]).build();
    let error = list.admit(refund(20), &(), run).unwrap_err();
    assert!(matches!(error, AdmitError::Input(ref error) if error.code == InputCode::Malformed));
    assert_eq!(runs.get(), 0);
}

#[test]
fn an_audited_operation_runs_once_whatever_happens() {
    let runs = Cell::new(0);
    let run = || runs.set(runs.get() + 1);
    runtime().audit(refund(600), &SUPPORT, run);
    runtime().audit("nothing", &SUPPORT, run);
    let panics = Runtime::builder(policy()).actor(|(): &()| -> () { panic!("no actor") }).build();
    panics.audit(refund(20), &(), run);
    assert_eq!(runs.get(), 3);
}

#[test]
fn observers_hear_of_each_decision_once_and_change_nothing() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let resolved = Arc::new(AtomicUsize::new(0));
    let (hearing, resolving) = (Arc::clone(&heard), Arc::clone(&resolved));
    let runtime = Runtime::builder(policy())
        .actor(move |request: &Request| {
            resolving.fetch_add(1, Ordering::Relaxed);
            json!({"role": request.role})
        })
        .snapshot(|request| json!({"total": request.total}))
        .observer(|_| panic!("an observer"))
        .observer(move |event| {
            hearing.lock().unwrap().push((
                event.action_type().to_owned(),
                event.effect(),
                event.matched_rule().map(str::to_owned),
                event.error.is_some(),
                event.is_blocked(),
            ));
        })
        .build();
    runtime.admit(refund(20), &SUPPORT, || ()).unwrap();
    runtime.audit(refund(600), &SUPPORT, || ());
    assert!(runtime.allow("refund", &SUPPORT).is_err());
    assert!(runtime.block(refund(20), &Request { role: "a", total: 0.0 }).unwrap());
    assert!(!runtime.allow(refund(20), &Request { role: "a", total: 0.0 }).unwrap());
    runtime.explain(refund(20), &SUPPORT).unwrap();
    let name = || "refund".to_owned();
    let rule = |id: &str| Some(id.to_owned());
    assert_eq!(
        *heard.lock().unwrap(),
        [
            (name(), Some(Effect::Allow), rule("support"), false, false),
            (name(), Some(Effect::RequireApproval), rule("large"), false, false),
            (name(), None, None, true, false),
            (name(), Some(Effect::Block), None, false, true),
            (name(), Some(Effect::Block), None, false, true),
        ]
    );
    assert_eq!(resolved.load(Ordering::Relaxed), 6);
}

#[test]
fn awaited_operations_are_guarded_before_they_are_made() {
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("nothing here waits"),
        }
    }
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let runtime = runtime();
    let made = AtomicUsize::new(0);
    let make = || {
        made.fetch_add(1, Ordering::Relaxed);
        async { 7 }
    };
    assert_eq!(now(is_send(runtime.admit_async(refund(20), &SUPPORT, make))).unwrap(), 7);
    assert!(now(runtime.admit_async(refund(600), &SUPPORT, make)).is_err());
    assert_eq!(made.load(Ordering::Relaxed), 1);
    assert_eq!(now(is_send(runtime.audit_async(refund(600), &SUPPORT, make))), 7);
    assert_eq!(made.load(Ordering::Relaxed), 2);
}

#[test]
fn whatever_serialises_is_an_input() {
    #[derive(Serialize)]
    enum Kind {
        #[serde(rename = "refund")]
        Refund,
    }
    #[derive(Serialize)]
    struct Fields {
        r#type: Kind,
        amount: u64,
    }
    #[derive(Serialize)]
    struct Input {
        action: Fields,
        actor: Option<()>,
    }
    #[derive(Serialize)]
    struct Action {
        action: Fields,
    }
    #[derive(Serialize)]
    struct Deep(Option<Box<[Deep; 1]>>);
    let input = Input { action: Fields { r#type: Kind::Refund, amount: 700 }, actor: None };
    let error = policy().evaluate(&input).unwrap_err();
    assert_eq!((error.code, error.field.as_deref()), (InputCode::Malformed, Some("actor")));

    let action = |amount| Action { action: Fields { r#type: Kind::Refund, amount } };
    // There is no snapshot, so the fraud rule cannot be ruled out.
    let decision = policy().evaluate(&action(700)).unwrap();
    assert_eq!(
        (decision.effect, decision.missing),
        (Effect::Block, vec!["snapshot.total".to_owned()])
    );
    let error = policy().evaluate(&action(u64::MAX)).unwrap_err();
    assert_eq!(error.code, InputCode::OutOfRange);

    // Unlike through JSON text, no NaN is a null on the way.
    let nan = InputValue::of(&[f64::NAN]).unwrap();
    assert!(
        matches!(&nan, InputValue::List(items) if matches!(items[..], [InputValue::Float(nan)] if nan.is_nan()))
    );
    let map = std::collections::BTreeMap::from([(vec![1], 1)]);
    assert_eq!(InputValue::of(&map).unwrap_err().code, InputCode::Malformed);

    let deep = (0..100).fold(Deep(None), |inner, _| Deep(Some(Box::new([inner]))));
    assert_eq!(InputValue::of(&deep).unwrap_err().code, InputCode::TooDeep);
}
