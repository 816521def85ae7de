//! Generated policies and inputs: the virtual machine against the reference evaluator.
//! Eight bytes pick the policy, eight the input and the style of the documents.

use super::oracles;
use actra::Policy;
use actra_testkit::generate::{self, Style};

pub fn run(data: &[u8]) {
    let Some((seed, rest)) = data.split_first_chunk::<8>() else { return };
    let seed = u64::from_le_bytes(*seed);
    let checked = generate::policy(seed);
    let style = Style::ALL[(seed % 3) as usize];
    let documents = generate::documents(&checked, style, seed);
    let policy = Policy::from_strings(&documents.schema, &documents.policy, None)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", documents.schema, documents.policy));
    let loaded = Policy::from_artifact(&policy.to_artifact()).expect("what was written loads");
    for chunk in rest.chunks(8).take(64) {
        let mut seed = [0; 8];
        seed[..chunk.len()].copy_from_slice(chunk);
        let input = generate::input(u64::from_le_bytes(seed), &checked);
        let Some(text) = input.to_json_text() else { continue };
        oracles::agreement(&checked, &loaded, text.as_bytes(), &Ok(input));
    }
}
