//! Policies that are analysed: random rules that use every kind of test, a policy that differs in one
//! literal, a policy with promises, and pigeons.

use crate::Rng;
use actra_analysis::Source;
use actra_compiler::check::{Checked, PolicyDocuments, check};
use actra_compiler::diagnostic::{Report, Sources};
use std::error::Error;
use std::fmt::Write;

/// Documents of a policy.
#[derive(Clone, Debug)]
pub struct Documents {
    /// `schema.yaml`.
    pub schema: String,
    /// `policy.yaml`.
    pub policy: String,
    /// `governance.yaml`.
    pub governance: Option<String>,
}

impl Documents {
    /// The policy, checked. Nothing is proved yet.
    pub fn check(&self) -> Result<Checked, Box<dyn Error>> {
        let mut sources = Sources::default();
        let documents = PolicyDocuments {
            schema: sources.add("schema.yaml", &*self.schema),
            policy: sources.add("policy.yaml", &*self.policy),
            more_policies: Vec::new(),
            governance: self
                .governance
                .as_ref()
                .map(|text| sources.add("governance.yaml", &**text)),
        };
        let mut report = Report::default();
        check(&sources, &documents, &mut report).ok_or_else(|| {
            let messages = report.into_sorted().into_iter().map(|found| found.message);
            messages.collect::<Vec<_>>().join("\n").into()
        })
    }
}

/// A policy as it is asked about.
pub fn source(checked: &Checked) -> Source<'_> {
    Source { policy: &checked.policy, patterns: &checked.patterns }
}

/// Kinds of fields, by turns.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Integer,
    Number,
    Enum,
    Text,
    Boolean,
    Timestamp,
    List,
    Path,
}

const KINDS: [Kind; 10] = [
    Kind::Integer,
    Kind::Enum,
    Kind::Number,
    Kind::Text,
    Kind::Boolean,
    Kind::Integer,
    Kind::Timestamp,
    Kind::Enum,
    Kind::List,
    Kind::Path,
];

const WORDS: [&str; 24] = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi",
    "psi", "omega",
];

const FOLDERS: [&str; 6] = ["/srv", "/srv/app", "/srv/app/data", "/tmp", "/home", "/home/agent"];

fn kind(field: usize) -> Kind {
    KINDS.get(field % KINDS.len()).copied().unwrap_or(Kind::Boolean)
}

/// A field's name: a third each of the action, the actor and the snapshot.
fn name(field: usize) -> String {
    let domain = match field % 3 {
        0 => "action",
        1 => "actor",
        _ => "snapshot",
    };
    format!("{domain}.f{field}")
}

fn word(rng: &mut Rng) -> &'static str {
    WORDS.get(rng.below(WORDS.len() as u64) as usize).copied().unwrap_or_default()
}

fn atom(rng: &mut Rng, fields: usize) -> String {
    let field = rng.below(fields as u64) as usize;
    let name = name(field);
    match kind(field) {
        Kind::Integer | Kind::Number => {
            let sign = rng.pick("<", &["<=", ">", ">=", "=="]);
            format!("{name} {sign} {}", rng.below(1_000))
        }
        Kind::Enum => match rng.below(3) {
            0 => format!("{name} == {}", word(rng)),
            1 => format!("{name} not in [{}, {}]", word(rng), word(rng)),
            _ => format!("{name} in [{}, {}, {}]", word(rng), word(rng), word(rng)),
        },
        Kind::Text => match rng.below(4) {
            0 => format!("{name} == '{}'", word(rng)),
            1 => format!("{name} starts_with '{}-'", word(rng)),
            2 => format!("{name} ends_with '.{}'", word(rng)),
            _ => format!("{name} length_greater_than {}", 8 * (1 + rng.below(4))),
        },
        Kind::Boolean => format!("{name} == {}", rng.pick("true", &["false"])),
        Kind::Timestamp => {
            let sign = rng.pick("<", &[">"]);
            let (month, day) = (1 + rng.below(12), 1 + rng.below(28));
            format!("{name} {sign} '2026-{month:02}-{day:02}T00:00:00Z'")
        }
        Kind::List => format!(
            "{name} {} {}",
            rng.pick("contains", &["not_contains"]),
            rng.pick("red", &["green", "blue", "black"])
        ),
        Kind::Path => {
            let folder = FOLDERS.get(rng.below(FOLDERS.len() as u64) as usize).copied();
            format!("{name} within_path ['{}']", folder.unwrap_or_default())
        }
    }
}

/// What may be asked about: so many fields of one action, its actor and the snapshot.
fn schema(fields: usize) -> String {
    let mut text = "version: 1\n".to_owned();
    let words = WORDS.join(", ");
    for (domain, start) in [
        ("action", "actions:\n  act:\n    fields:\n"),
        ("actor", "actor:\n  fields:\n"),
        ("snapshot", "snapshot:\n  fields:\n"),
    ] {
        text.push_str(start);
        for field in (0..fields).filter(|field| name(*field).starts_with(domain)) {
            let ty = match kind(field) {
                Kind::Integer => "integer".to_owned(),
                Kind::Number => "number".to_owned(),
                Kind::Enum => format!("{{type: string, enum: [{words}]}}"),
                Kind::Text | Kind::Path => "string".to_owned(),
                Kind::Boolean => "boolean".to_owned(),
                Kind::Timestamp => "timestamp".to_owned(),
                Kind::List => "{type: list, items: string}".to_owned(),
            };
            let _ = writeln!(text, "      f{field}: {ty}");
        }
    }
    text
}

/// So many random rules over so many fields, each of two to five tests.
pub fn random(seed: u64, rules: usize, fields: usize) -> Documents {
    let mut rng = Rng::new(seed);
    let mut policy = "version: 2\nevaluation: {default: block}\nrules:\n".to_owned();
    for rule in 0..rules {
        let atoms: Vec<String> = (0..2 + rng.below(4))
            .map(|_| format!("'{}'", atom(&mut rng, fields).replace('\'', "''")))
            .collect();
        let when = match atoms.as_slice() {
            [first, second, third, rest @ ..] if rng.chance(30) => {
                let rest: String = rest.iter().flat_map(|atom| [", ", atom.as_str()]).collect();
                format!("{{all: [{{any: [{first}, {second}]}}, {{not: {third}}}{rest}]}}")
            }
            atoms => format!("{{all: [{}]}}", atoms.join(", ")),
        };
        let effect = rng.pick("allow", &["block", "require_approval"]);
        let _ = write!(
            policy,
            "  - id: r{rule}\n    scope: {{global: true}}\n    when: {when}\n    effect: {effect}\n"
        );
    }
    // Global rules may not read fields of the action that are not common.
    let policy = policy.replace("{global: true}", "{action: act}");
    Documents { schema: schema(fields), policy, governance: None }
}

/// The same rules, but that one literal is another: for each number that something is held against,
/// from the last one on. With each comes the number of the rule that it stands in.
pub fn changed(documents: &Documents) -> impl Iterator<Item = (usize, Documents)> {
    let signs = ["< ", "<= ", "> ", ">= ", "== "];
    let is_number = |at: &usize| {
        let rest = documents.policy.get(*at..);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let places = signs.iter().flat_map(|sign| {
        documents.policy.match_indices(sign).map(|(at, _)| at + sign.len()).filter(is_number)
    });
    let mut places: Vec<usize> = places.collect();
    places.sort_unstable_by(|one, other| other.cmp(one));
    places.into_iter().map(|place| {
        let before = documents.policy.get(..place).unwrap_or_default();
        let rule = before.matches("- id: ").count().saturating_sub(1);
        let mut changed = documents.clone();
        // One digit more in front: another number, larger.
        changed.policy.insert(place, '1');
        (rule, changed)
    })
}

/// Five actions, twelve rules, and ten promises about all of them.
pub fn promises() -> Documents {
    let schema = "\
version: 1
common:
  fields:
    tenant: {type: string, required: true}
    dry_run: {type: boolean, default: false}
actions:
  refund: {fields: {amount: integer, currency: {type: string, enum: [USD, EUR]}, reason: string}}
  payout: {fields: {amount: integer, iban: string}}
  delete_user: {fields: {user: string, cascade: boolean}}
  run_query: {fields: {sql: string, rows: integer}}
  send_mail: {fields: {to: string, attachments: {type: list, items: string}}}
actor:
  fields: {role: string, on_call: boolean, level: integer}
snapshot:
  fields: {fraud_flag: boolean, balance: integer, incident: string}
";
    let policy = "\
version: 2
rules:
  - {id: fraud, scope: {global: true}, when: snapshot.fraud_flag == true, effect: block}
  - {id: huge, scope: {action: [refund, payout]}, when: action.amount > 10000, effect: block}
  - {id: large, scope: {action: [refund, payout]}, when: action.amount > 1000, effect: require_approval}
  - {id: small, scope: {action: [refund, payout]}, when: action.amount <= 1000, effect: allow}
  - {id: overdraw, scope: {action: payout}, when: action.amount > snapshot.balance, effect: block}
  - {id: cascade, scope: {action: delete_user}, when: action.cascade == true, effect: block}
  - {id: delete, scope: {action: delete_user}, when: 'actor.role in [admin, owner]', effect: require_approval}
  - {id: drop, scope: {action: run_query}, when: \"action.sql contains ['DROP ', 'DELETE ', 'TRUNCATE ']\", effect: block}
  - {id: query, scope: {action: run_query}, when: {all: [action.rows < 500, actor.level >= 2]}, effect: allow}
  - {id: abroad, scope: {action: send_mail}, when: {not: \"action.to ends_with '@example.com'\"}, effect: require_approval}
  - {id: mail, scope: {action: send_mail}, when: action.dry_run == true, effect: allow}
  - {id: nobody, scope: {global: true}, when: actor.role == intern, effect: block}
";
    let all = "[refund, payout, delete_user, run_query, send_mail]";
    let assumed = [
        ("snapshot.fraud_flag == true", "{never: allow}"),
        ("snapshot.fraud_flag == true", "{always: block}"),
        ("actor.role == intern", "{never: allow}"),
        ("actor.role == intern", "{always: block}"),
        ("{all: [snapshot.fraud_flag == true, actor.on_call == true]}", "{always: block}"),
        ("{any: [snapshot.fraud_flag == true, actor.role == intern]}", "{never: require_approval}"),
        ("{all: [actor.role == intern, actor.level > 3]}", "{never: allow}"),
        ("{all: [actor.role == intern, action.dry_run == true]}", "{never: allow}"),
        ("{all: [snapshot.fraud_flag == true, snapshot.balance < 0]}", "{never: allow}"),
        ("{all: [snapshot.fraud_flag == true, action.tenant == 'acme']}", "{always: block}"),
    ];
    with_promises(schema, policy, &assumed.map(|(assume, must)| (all, assume, must)))
}

/// The documents with promises: about which actions, what is assumed, and what must be so.
fn with_promises(schema: &str, policy: &str, promises: &[(&str, &str, &str)]) -> Documents {
    let mut governance = "version: 2\ngovernance:\n  rules:\n".to_owned();
    for (number, (all, assume, must)) in promises.iter().enumerate() {
        let _ = write!(
            governance,
            "    - id: p{number}\n      applies_to: {{actions: {all}}}\n      assume: {assume}\n      must: {must}\n      error: Promised.\n"
        );
    }
    Documents { schema: schema.to_owned(), policy: policy.to_owned(), governance: Some(governance) }
}

/// Three tools of an agent, and six promises where hosts and networks, paths held against paths, and
/// sums of what is spent meet other tests of the same fields.
pub fn held() -> Documents {
    let schema = "\
version: 1
actions:
  fetch: {fields: {url: {type: string, required: true, max_length: 2000}}}
  read: {fields: {path: {type: string, required: true}}}
  pay: {fields: {amount: {type: integer, required: true, min: 1}}}
actor:
  fields: {prefix: string}
snapshot:
  fields:
    workspace: string
    scratch: string
    limit: {type: integer, min: 0}
    soft_limit: {type: integer, min: 0}
    spent: {type: integer, min: 0}
";
    let policy = "\
version: 2
rules:
  - {id: private, scope: {action: fetch}, when: 'action.url in_network [private]', effect: block}
  - {id: plain, scope: {action: fetch}, when: {not: \"action.url starts_with 'https://'\"}, effect: block}
  - {id: ours, scope: {action: fetch}, when: \"action.url in_domain ['example.com', 'example.org']\", effect: allow}
  - {id: keys, scope: {action: read}, when: \"action.path ends_with ['.pem', '.key']\", effect: block}
  - {id: system, scope: {action: read}, when: \"action.path within_path ['/etc', '/proc']\", effect: block}
  - {id: inside, scope: {action: read}, when: {any: [action.path within_path snapshot.workspace, action.path within_path snapshot.scratch]}, effect: allow}
  - {id: over, scope: {action: pay}, when: action.amount > snapshot.limit - snapshot.spent, effect: block}
  - {id: soft, scope: {action: pay}, when: action.amount > snapshot.soft_limit - snapshot.spent, effect: require_approval}
  - {id: pays, scope: {action: pay}, effect: allow}
";
    let assumed = [
        ("[fetch]", "\"action.url in_network ['10.0.0.0/8']\"", "{never: allow}"),
        (
            "[fetch]",
            "{not: \"action.url in_domain ['example.com', 'example.org']\"}",
            "{never: allow}",
        ),
        ("[read]", "\"action.path within_path ['/etc/ssl']\"", "{never: allow}"),
        (
            "[read]",
            "{all: [{not: action.path within_path snapshot.workspace}, {not: action.path within_path snapshot.scratch}]}",
            "{never: allow}",
        ),
        ("[pay]", "action.amount > snapshot.limit", "{never: allow}"),
        (
            "[pay]",
            "{all: [snapshot.spent >= snapshot.soft_limit, snapshot.soft_limit < snapshot.limit]}",
            "{never: allow}",
        ),
    ];
    with_promises(schema, policy, &assumed)
}

/// So many pigeons and one hole less, where no two may share one: that nothing is allowed can only be
/// seen by counting, which clause learning does not.
pub fn pigeons(pigeons: usize) -> Documents {
    let holes: Vec<String> = (1..pigeons).map(|hole| format!("h{hole}")).collect();
    let mut schema = "version: 1\nactions:\n  nest:\n    fields:\n".to_owned();
    for pigeon in 0..pigeons {
        let _ = writeln!(
            schema,
            "      p{pigeon}: {{type: string, required: true, enum: [{}]}}",
            holes.join(", ")
        );
    }
    let mut policy = "version: 2\nevaluation: {default: allow}\nrules:\n".to_owned();
    for hole in &holes {
        for first in 0..pigeons {
            for second in first + 1..pigeons {
                let _ = write!(
                    policy,
                    "  - id: {hole}_{first}_{second}\n    scope: {{action: nest}}\n    when: {{all: [action.p{first} == {hole}, action.p{second} == {hole}]}}\n    effect: block\n"
                );
            }
        }
    }
    Documents { schema, policy, governance: None }
}
