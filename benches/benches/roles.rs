//! W2 by number of rules.

#![allow(missing_docs, reason = "criterion's macros write functions")]

use actra::Policy;
use actra_benches::roles;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::error::Error;
use std::hint::black_box;

const SEED: u64 = 20_260_101;

fn benches(criterion: &mut Criterion) {
    for size in roles::SIZES {
        if let Err(error) = run(criterion, size) {
            criterion.bench_function(&format!("roles: {error}"), |_| {});
        }
    }
}

fn run(criterion: &mut Criterion, size: usize) -> Result<(), Box<dyn Error>> {
    let rules = roles::rules(size, SEED);
    let policy = roles::policy(&rules)?;
    let slots = roles::Slots::of(&policy).ok_or("no slots")?;
    let inputs = roles::inputs(&rules, 768, SEED);
    let (index, scan) = (roles::Index::new(&rules), roles::Scan::new(&rules));
    let mut group = criterion.benchmark_group("roles");
    group.throughput(Throughput::Elements(inputs.len() as u64));
    let mut frame = policy.frame();
    group.bench_function(BenchmarkId::new("frame filled + evaluate", size), |bencher| {
        bencher.iter(|| {
            for input in &inputs {
                slots.fill(&mut frame, black_box(input));
                let _ = black_box(Policy::decide(&mut frame));
            }
        });
    });
    group.bench_function(BenchmarkId::new("index by hand", size), |bencher| {
        bencher.iter(|| {
            for input in &inputs {
                let _ = black_box(index.decide(black_box(input)));
            }
        });
    });
    group.bench_function(BenchmarkId::new("scan by hand", size), |bencher| {
        bencher.iter(|| {
            for input in &inputs {
                let _ = black_box(scan.decide(black_box(input)));
            }
        });
    });
    group.finish();
    Ok(())
}

criterion_group!(all, benches);
criterion_main!(all);
