//! W1 by door.

#![allow(missing_docs, reason = "criterion's macros write functions")]

use actra::{Policy, UnknownFields};
use actra_benches::guard;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::error::Error;
use std::hint::black_box;

const COUNT: usize = 1024;

fn benches(criterion: &mut Criterion) {
    if let Err(error) = run(criterion) {
        criterion.bench_function(&format!("guard: {error}"), |_| {});
    }
}

fn run(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let policy = guard::policy()?;
    let slots = guard::Slots::of(&policy).ok_or("no slots")?;
    let texts = guard::texts(COUNT, 20_260_101);
    let inputs = guard::contexts(&texts)?;
    let mut group = criterion.benchmark_group("guard");
    group.throughput(Throughput::Elements(COUNT as u64));

    group.bench_function("by hand", |bencher| {
        bencher.iter(|| {
            for input in &inputs {
                let _ = black_box(guard::decide(black_box(input)));
            }
        });
    });
    let mut frame = policy.frame();
    group.bench_function("frame filled + evaluate", |bencher| {
        bencher.iter(|| {
            for input in &inputs {
                slots.fill(&mut frame, black_box(input));
                let _ = black_box(Policy::decide(&mut frame));
            }
        });
    });
    let mut frames: Vec<_> = inputs
        .iter()
        .take(64)
        .map(|input| {
            let mut frame = policy.frame();
            slots.fill(&mut frame, input);
            frame
        })
        .collect();
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("frame reused, evaluate only", |bencher| {
        bencher.iter(|| {
            for frame in &mut frames {
                let _ = black_box(Policy::decide(black_box(frame)));
            }
        });
    });
    group.throughput(Throughput::Elements(COUNT as u64));
    let mut evaluator = policy.evaluator(UnknownFields::Ignore);
    group.bench_function("json to outcome", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                let _ = black_box(evaluator.with_json(text.as_bytes(), |outcome, _| outcome));
            }
        });
    });
    group.bench_function("json to decision", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                let _ = black_box(evaluator.evaluate_json(text.as_bytes()));
            }
        });
    });
    group.bench_function("serde_json into a struct", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                let _ = black_box(serde_json::from_str::<guard::Context<'_>>(text));
            }
        });
    });
    group.finish();
    Ok(())
}

criterion_group!(all, benches);
criterion_main!(all);
