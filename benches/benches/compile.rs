//! Compiling and loading 1,000 rules.

#![allow(missing_docs, reason = "criterion's macros write functions")]

use actra::Policy;
use actra_benches::roles;
use criterion::{Criterion, criterion_group, criterion_main};
use sha2::{Digest, Sha256};
use std::hint::black_box;

fn benches(criterion: &mut Criterion) {
    let rules = roles::rules(1000, 20_260_101);
    let forms = [
        ("long form", roles::policy_text(&rules)),
        ("short form", roles::short_policy_text(&rules)),
    ];
    let mut group = criterion.benchmark_group("1,000 rules");
    group.sample_size(10);
    for (form, text) in &forms {
        group.bench_function(format!("compile, {form}"), |bencher| {
            bencher.iter(|| Policy::from_strings(roles::SCHEMA, black_box(text), None).is_ok());
        });
        group.bench_function(format!("serde_yaml into values, {form}"), |bencher| {
            bencher.iter(|| serde_yaml::from_str::<serde_yaml::Value>(black_box(text)).is_ok());
        });
    }
    if let Ok(policy) = roles::policy(&rules) {
        let artifact = policy.to_artifact();
        group.bench_function("load an artifact", |bencher| {
            bencher.iter(|| Policy::from_artifact(black_box(&artifact)).is_ok());
        });
        group.bench_function("SHA-256 of its bytes", |bencher| {
            bencher.iter(|| Sha256::digest(black_box(&artifact)));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
