//! Everything about every rule and every action.

use super::witness::{Reason, Witness, effect_of, name};
use super::{AnalysisError, Asked};
use crate::decision::Effect;
use crate::error::render_all;
use actra_analysis::{Example, FieldReport, Reducer, RuleFinding, Source, findings, report};
use actra_compiler::diagnostic::{Diagnostic, Report, Sources, Style, to_json};
use actra_compiler::lint::lint_with;
use actra_compiler::model::Mode;
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

/// What was found about a policy.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// By rule, in order of the policy.
    pub rules: Vec<RuleAnalysis>,
    /// By action, in order of name.
    pub actions: Vec<ActionAnalysis>,
    /// What was found, and what lints say, as warnings about the documents.
    pub diagnostics: Vec<Diagnostic>,
    /// Warnings that comments in the documents silence.
    pub silenced: Vec<Diagnostic>,
    /// Steps that the searches took.
    pub steps: u64,
    sources: Sources,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleVerdict {
    /// It decides some inputs, and they would get another effect without it; of a rule in shadow
    /// mode: it fires.
    Effective,
    /// No input lets it fire.
    NeverFires,
    /// Others always decide before it.
    Shadowed,
    /// Without it every input would get the same effect.
    Redundant,
    /// This could not be decided.
    Undecided,
}

/// What was found about a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleAnalysis {
    /// The rule.
    pub id: String,
    /// What it does.
    pub verdict: RuleVerdict,
    /// Where it is shadowed, the rules that decide before it; none of them can be left out.
    pub shadowed_by: Vec<String>,
    /// Whether it fires for every input in its scope though it has a condition.
    pub always_fires: bool,
    /// An input that it decides, or where there is none, for which it fires.
    pub example: Option<Witness>,
    /// Why it is undecided.
    pub undecided: Option<Reason>,
}

/// What can be decided about an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionAnalysis {
    /// The action; `None` stands for those that the schema does not name, where inputs are
    /// unchecked.
    pub action: Option<String>,
    /// By effect, from `allow` to `block`.
    pub effects: Vec<EffectAnalysis>,
    /// By field of the schema, and entry of a map that is read, in order of name: whether it can
    /// matter.
    pub fields: Vec<FieldAnalysis>,
    /// Why something about its effects is undecided.
    pub undecided: Option<Reason>,
}

/// What a field can do to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Influence {
    /// The effect may change with it.
    Effect,
    /// Which rule decides, or asks for approval, may change with it; the effect never does.
    Rule,
    /// Nothing changes with it.
    Nothing,
}

/// Whether a field can matter for an action: whether there are two inputs without an error that
/// differ in it only, and are not decided alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldAnalysis {
    /// The field; or an object or a map, in which everything may change together.
    pub field: String,
    /// Whether some rule for the action reads it.
    pub is_read: bool,
    /// What it can do; `None`: undecided.
    pub influence: Option<Influence>,
    /// Two inputs that differ in it only, and show it; none where nothing changes.
    pub examples: Vec<Witness>,
    /// Why it is undecided.
    pub undecided: Option<Reason>,
}

/// Whether an action can get an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectAnalysis {
    /// The effect.
    #[serde(serialize_with = "name")]
    pub effect: Effect,
    /// Whether some input gets it: `None` where that is undecided.
    pub possible: Option<bool>,
    /// An input that gets it.
    pub example: Option<Witness>,
}

impl Analysis {
    /// The documents that the warnings are about.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The warnings as text, a blank line between each two.
    pub fn render(&self, style: Style) -> String {
        render_all(&self.diagnostics, &self.sources, style)
    }
}

impl Serialize for Analysis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let warnings: Vec<_> =
            self.diagnostics.iter().map(|found| to_json(found, &self.sources)).collect();
        let mut object = serializer.serialize_struct("Analysis", 5)?;
        object.serialize_field("rules", &self.rules)?;
        object.serialize_field("actions", &self.actions)?;
        object.serialize_field("diagnostics", &warnings)?;
        object.serialize_field("silenced", &self.silenced.len())?;
        object.serialize_field("steps", &self.steps)?;
        object.end()
    }
}

pub(super) fn analyze(
    asked: &Asked,
    budget: u64,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Analysis, actra_analysis::Report), AnalysisError> {
    let (checked, sources) = (&asked.checked, &asked.sources);
    let source = Source { policy: &checked.policy, patterns: &checked.patterns };
    let found = report(source, budget, progress).map_err(AnalysisError::TooLarge)?;
    let mut warnings = Report::default();
    let silenced = lint_with(checked, findings(checked, &found), &mut warnings);
    let rules = &checked.policy.rules;
    let id = |rule: usize| rules.get(rule).map(|rule| rule.id.clone());
    let reducer = Reducer::new(&[source]).map_err(AnalysisError::TooLarge)?;
    let witness = |example: &Example, firing| {
        let input = reducer.reduced(&example.input, firing);
        Witness::new(source, &input, &example.verdict)
    };
    let rules = found.rules.iter().filter_map(|about| {
        let rule = rules.get(about.rule)?;
        let (verdict, shadowed_by) = match &about.finding {
            None if about.undecided.is_some() => (RuleVerdict::Undecided, Vec::new()),
            None => (RuleVerdict::Effective, Vec::new()),
            Some(RuleFinding::NeverFires) => (RuleVerdict::NeverFires, Vec::new()),
            Some(RuleFinding::Shadowed(by)) => {
                (RuleVerdict::Shadowed, by.iter().filter_map(|rule| id(*rule)).collect())
            }
            Some(RuleFinding::Redundant) => (RuleVerdict::Redundant, Vec::new()),
        };
        Some(RuleAnalysis {
            id: rule.id.clone(),
            verdict,
            shadowed_by,
            always_fires: about.always_fires && rule.mode == Mode::Enforce,
            example: about.example.as_ref().map(|example| witness(example, Some(about.rule))),
            undecided: about.undecided.as_ref().map(|why| Reason::new(sources, why)),
        })
    });
    let rules = rules.collect();
    let actions = found.actions.iter().map(|about| ActionAnalysis {
        action: about.case.action().map(str::to_owned),
        effects: about
            .effects
            .iter()
            .map(|found| EffectAnalysis {
                effect: effect_of(found.effect),
                possible: found.is_possible,
                example: found.example.as_ref().map(|example| witness(example, None)),
            })
            .collect(),
        fields: about.fields.iter().map(|found| field(source, sources, &reducer, found)).collect(),
        undecided: about.undecided.as_ref().map(|why| Reason::new(sources, why)),
    });
    let actions = actions.collect();
    let analysis = Analysis {
        actions,
        rules,
        diagnostics: warnings.into_sorted(),
        silenced,
        steps: found.steps,
        sources: sources.clone(),
    };
    Ok((analysis, found))
}

fn field(
    source: Source<'_>,
    sources: &Sources,
    reducer: &Reducer<'_>,
    found: &FieldReport,
) -> FieldAnalysis {
    let both = found.example.as_deref().map(|(one, other)| {
        let inputs = reducer.reduced_pair((&one.input, &other.input), &found.field);
        [(inputs.0, &one.verdict), (inputs.1, &other.verdict)]
    });
    let examples = both.into_iter().flatten();
    FieldAnalysis {
        field: found.field.to_string(),
        is_read: found.is_read,
        influence: found.influence.map(|influence| match influence {
            actra_analysis::Influence::Effect => Influence::Effect,
            actra_analysis::Influence::Rule => Influence::Rule,
            actra_analysis::Influence::Nothing => Influence::Nothing,
        }),
        examples: examples.map(|(input, verdict)| Witness::new(source, &input, verdict)).collect(),
        undecided: found.undecided.as_ref().map(|why| Reason::new(sources, why)),
    }
}
