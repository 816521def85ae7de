//! `actra replay` of Parquet.

use crate::replay::{outcomes, report, room};
use crate::support::Room;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::json;
use std::sync::Arc;

/// The values of a column that are there, and the levels that say where nothing is.
#[derive(Clone)]
enum Column {
    Text(Vec<&'static str>, Vec<i16>, Vec<i16>),
    Double(Vec<f64>, Vec<i16>),
    Long(Vec<i64>, Vec<i16>),
    Int(Vec<i32>, Vec<i16>),
    Bool(Vec<bool>, Vec<i16>),
}

/// A file of one row group.
fn file(schema: &str, columns: &[Column], compression: Compression) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in columns {
        let mut next = group.next_column().unwrap().unwrap();
        let levels = |levels: &[i16]| (!levels.is_empty()).then(|| levels.to_vec());
        match (column, next.untyped()) {
            (Column::Text(values, defs, reps), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                let values: Vec<ByteArray> = values.iter().map(|text| (*text).into()).collect();
                let (defs, reps) = (levels(defs), levels(reps));
                writer.write_batch(&values, defs.as_deref(), reps.as_deref()).unwrap();
            }
            (Column::Double(values, defs), ColumnWriter::DoubleColumnWriter(writer)) => {
                writer.write_batch(values, levels(defs).as_deref(), None).unwrap();
            }
            (Column::Long(values, defs), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(values, levels(defs).as_deref(), None).unwrap();
            }
            (Column::Int(values, defs), ColumnWriter::Int32ColumnWriter(writer)) => {
                writer.write_batch(values, levels(defs).as_deref(), None).unwrap();
            }
            (Column::Bool(values, defs), ColumnWriter::BoolColumnWriter(writer)) => {
                writer.write_batch(values, levels(defs).as_deref(), None).unwrap();
            }
            _ => panic!("a column is of another type"),
        }
        next.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

const DOTTED: &str = "message log {
    required binary action.type (UTF8);
    optional double action.amount;
    optional binary effect (UTF8);
    required int64 id;
}";

fn dotted() -> Vec<Column> {
    vec![
        Column::Text(vec!["refund"; 4], vec![], vec![]),
        Column::Double(vec![20.0, 200.0, 2000.0], vec![1, 1, 1, 0]),
        Column::Text(vec!["allow", "block", "block", "block"], vec![1; 4], vec![]),
        Column::Long(vec![1, 2, 3, 4], vec![]),
    ]
}

fn count(name: &str, rows: u64) -> (String, u64) {
    (name.to_owned(), rows)
}

#[test]
fn columns_with_dots_are_fields_in_every_compression() {
    let room = room("parquet_dotted");
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
    ] {
        room.write("log.parquet", file(DOTTED, &dotted(), compression));
        let found = report(&room, &["log.parquet", "--policy", "policy"]);
        let wanted = [count("allow", 1), count("require_approval", 1), count("block", 2)];
        assert_eq!(outcomes(&found), wanted);
        assert_eq!((&found["weaker"], &found["changed"]), (&json!(1), &json!(1)));
        assert_eq!(found["files"][0]["format"], "parquet");
        let sample = &found["transitions"][0]["samples"][0];
        assert_eq!(sample["line"], 2);
        // What nobody asked for was not read.
        assert_eq!(sample["row"], "action.type=refund, action.amount=200, effect=block");
        let limited = report(&room, &["log.parquet", "--policy", "policy", "--limit", "3"]);
        assert_eq!(limited["rows"], 3);
    }
    // By its beginning, too.
    room.write("log", file(DOTTED, &dotted(), Compression::SNAPPY));
    assert_eq!(report(&room, &["log", "--policy", "policy"])["rows"], 4);
}

const SCHEMA: &str = "
version: 1
actions:
  refund:
    fields:
      amount: number
      at: timestamp
      customer: {type: object, fields: {tier: {type: string, required: true}}}
      labels: {type: map, values: string}
      tags: {type: list, items: string}
";

const RULES: &str = "
version: 2
rules:
  - {id: old, scope: {action: refund}, when: {all: [action.at exists, action.at < \"2020-01-01T00:00:00Z\"]}, effect: block}
  - {id: shop, scope: {action: refund}, when: {all: ['action.labels[\"app\"] exists', 'action.labels[\"app\"] == shop']}, effect: block}
  - {id: vip, scope: {action: refund}, when: {all: [action.customer.tier exists, action.customer.tier == vip]}, effect: require_approval}
  - {id: tagged, scope: {action: refund}, when: {all: [action.tags exists, action.tags contains slow]}, effect: require_approval}
  - {id: rest, scope: {action: refund}, effect: allow}
";

const NESTED: &str = "message log {
  required group input {
    required group action {
      required binary type (UTF8);
      optional int64 at (TIMESTAMP(NANOS, true));
      optional group customer { optional binary tier (UTF8); optional int32 visits; }
      optional group labels (MAP) {
        repeated group key_value { required binary key (UTF8); optional binary value (UTF8); }
      }
      optional group tags (LIST) { repeated group list { optional binary element (UTF8); } }
    }
  }
}";

#[test]
fn structs_lists_maps_and_instants_are_read_as_their_json_would_be() {
    let room = room("parquet_nested");
    room.policy("nested", SCHEMA, RULES);
    let year = |year: i64| (year - 1970) * 366 * 86_400 * 1_000_000_000;
    let columns = [
        Column::Text(vec!["refund"; 7], vec![], vec![]),
        Column::Long(vec![year(2000), year(2030)], vec![1, 1, 0, 0, 0, 0, 0]),
        // The customer: of the third row vip, of the fourth there and without a tier.
        Column::Text(vec!["vip"], vec![0, 0, 2, 1, 0, 0, 0], vec![]),
        Column::Int(vec![], vec![0, 0, 1, 1, 0, 0, 0]),
        // Labels: of the fifth row `app` and another, of the seventh one key twice.
        Column::Text(
            vec!["x", "app", "k", "k"],
            vec![0, 0, 0, 0, 2, 2, 1, 2, 2],
            vec![0, 0, 0, 0, 0, 1, 0, 0, 1],
        ),
        Column::Text(
            vec!["1", "shop", "a", "b"],
            vec![0, 0, 0, 0, 3, 3, 1, 3, 3],
            vec![0, 0, 0, 0, 0, 1, 0, 0, 1],
        ),
        // Tags: of the sixth row.
        Column::Text(
            vec!["fast", "slow"],
            vec![0, 0, 0, 0, 0, 3, 3, 0],
            vec![0, 0, 0, 0, 0, 0, 1, 0],
        ),
    ];
    room.write("log.parquet", file(NESTED, &columns, Compression::SNAPPY));
    let lines = [
        r#"{"input": {"action": {"type": "refund", "at": "2000-01-24T00:00:00Z"}}}"#,
        r#"{"input": {"action": {"type": "refund", "at": "2030-02-14T00:00:00Z"}}}"#,
        r#"{"input": {"action": {"type": "refund", "customer": {"tier": "vip"}}}}"#,
        r#"{"input": {"action": {"type": "refund", "customer": {}}}}"#,
        r#"{"input": {"action": {"type": "refund", "labels": {"x": "1", "app": "shop"}}}}"#,
        r#"{"input": {"action": {"type": "refund", "labels": {}, "tags": ["fast", "slow"]}}}"#,
        r#"{"input": {"action": {"type": "refund", "labels": {"k": "a", "k": "b"}}}}"#,
    ];
    room.write("log.jsonl", lines.join("\n"));
    let of = |name: &str| {
        let found = report(&room, &[name, "--policy", "nested"]);
        (outcomes(&found), found["rules"].clone())
    };
    assert_eq!(of("log.parquet"), of("log.jsonl"));
    assert_eq!(
        of("log.parquet").0,
        [
            count("allow", 1),
            count("require_approval", 2),
            count("block", 2),
            count("error: missing_required", 1),
            count("error: duplicate_key", 1)
        ]
    );
}

#[test]
fn numbers_of_every_width_are_numbers_and_texts_are_none() {
    let room = room("parquet_numbers");
    for (ty, column) in [
        ("int32 action.amount", Column::Int(vec![20], vec![])),
        ("int32 action.amount (UINT_8)", Column::Int(vec![20], vec![])),
        ("int64 action.amount", Column::Long(vec![20], vec![])),
        ("int64 action.amount (UINT_64)", Column::Long(vec![20], vec![])),
        ("int32 action.amount (DECIMAL(9, 2))", Column::Int(vec![2000], vec![])),
        ("int64 action.amount (DECIMAL(18, 3))", Column::Long(vec![20_000], vec![])),
    ] {
        let schema =
            format!("message log {{ required binary action.type (UTF8); required {ty}; }}");
        let columns = [Column::Text(vec!["refund"], vec![], vec![]), column];
        room.write("log.parquet", file(&schema, &columns, Compression::SNAPPY));
        let found = report(&room, &["log.parquet", "--policy", "policy"]);
        assert_eq!(outcomes(&found), [count("allow", 1)], "{ty}");
    }
    for (ty, column) in [
        ("binary action.amount (UTF8)", Column::Text(vec!["20"], vec![], vec![])),
        ("boolean action.amount", Column::Bool(vec![true], vec![])),
        ("int64 action.amount (TIMESTAMP(MICROS, true))", Column::Long(vec![20], vec![])),
    ] {
        let schema =
            format!("message log {{ required binary action.type (UTF8); required {ty}; }}");
        let columns = [Column::Text(vec!["refund"], vec![], vec![]), column];
        room.write("log.parquet", file(&schema, &columns, Compression::SNAPPY));
        let found = report(&room, &["log.parquet", "--policy", "policy"]);
        assert_eq!(outcomes(&found), [count("error: wrong_type", 1)], "{ty}");
    }
}

#[test]
fn columns_that_no_field_can_be_are_refused() {
    let room = room("parquet_refused");
    let text = |values| Column::Text(values, vec![], vec![]);
    for (schema, columns, told) in [
        (
            "required int64 id;",
            vec![Column::Long(vec![1], vec![])],
            "it has no column `action.type`",
        ),
        (
            "required binary action.type (UTF8); required int64 action.amount (TIMESTAMP(MICROS, false));",
            vec![text(vec!["refund"]), Column::Long(vec![1], vec![])],
            "has local times",
        ),
        (
            "required binary action.type (UTF8); required int32 action.amount (DATE);",
            vec![text(vec!["refund"]), Column::Int(vec![1], vec![])],
            "has dates",
        ),
        (
            "required binary action.type (UTF8); required group action { required binary type (UTF8); }",
            vec![text(vec!["refund"]), text(vec!["refund"])],
            "has the column `action.type` twice",
        ),
    ] {
        let schema = format!("message log {{ {schema} }}");
        room.write("log.parquet", file(&schema, &columns, Compression::SNAPPY));
        room.run(&["replay", "log.parquet", "--policy", "policy"])
            .fails(&["error[bad_columns]", told]);
    }
}

/// What a replay of such bytes comes to: every row, or a problem that is told.
fn survives(room: &Room, bytes: &[u8], what: &str) {
    room.write("log.parquet", bytes);
    let run = room.run(&["replay", "log.parquet", "--policy", "policy", "--log-format", "parquet"]);
    if run.status == 0 {
        assert!(run.stdout.starts_with("4 rows"), "{what}: {run:?}");
    } else {
        assert!(!run.stderr.contains("panicked"), "{what}: {run:?}");
        run.fails(&["error["]);
    }
}

#[test]
fn damaged_files_are_told_and_never_half_a_report() {
    let room = room("parquet_damaged");
    let whole = file(DOTTED, &dotted(), Compression::SNAPPY);
    survives(&room, &whole, "whole");
    for length in (0..whole.len()).step_by(23) {
        room.write("log.parquet", &whole[..length]);
        room.run(&["replay", "log.parquet", "--policy", "policy"])
            .fails(&["error[unreadable_file]"]);
    }
    for at in (0..whole.len()).step_by(5) {
        for value in [0x00, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            room.write("log.parquet", &bytes);
            let run = room.run(&[
                "replay",
                "log.parquet",
                "--policy",
                "policy",
                "--log-format",
                "parquet",
            ]);
            // Values may be others, but rows do not get lost.
            assert!(run.status == 1 || run.stdout.starts_with("4 rows"), "{at}: {run:?}");
            assert!(!run.stderr.contains("panicked"), "{at}: {run:?}");
        }
    }
}

#[test]
fn a_schema_that_would_overflow_the_stack_is_refused() {
    use parquet::basic::{Repetition, Type as Physical};
    use parquet::schema::types::Type;
    let room = room("parquet_deep");
    let nested = |depth: usize| {
        let build = Type::primitive_type_builder("a", Physical::INT32);
        let mut ty = Arc::new(build.with_repetition(Repetition::OPTIONAL).build().unwrap());
        for _ in 0..depth {
            let group = Type::group_type_builder("a").with_fields(vec![ty]);
            ty = Arc::new(group.with_repetition(Repetition::OPTIONAL).build().unwrap());
        }
        let text = Type::primitive_type_builder("action.type", Physical::BYTE_ARRAY);
        let text = Arc::new(text.with_repetition(Repetition::REQUIRED).build().unwrap());
        Arc::new(Type::group_type_builder("log").with_fields(vec![text, ty]).build().unwrap())
    };
    for (depth, is_read) in [(200, true), (300, false)] {
        let mut bytes = Vec::new();
        let writer = SerializedFileWriter::new(&mut bytes, nested(depth), Arc::default()).unwrap();
        writer.close().unwrap();
        room.write("log.parquet", bytes);
        let run = room.run(&["replay", "log.parquet", "--policy", "policy"]);
        if is_read {
            assert!(run.succeeds().stdout.contains("no rows"));
        } else {
            run.fails(&["error[unreadable_file]", "nests deeper than 256 levels"]);
        }
    }
}
