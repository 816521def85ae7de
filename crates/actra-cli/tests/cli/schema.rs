//! `actra schema`.

use super::support::Room;

#[test]
fn a_schema_is_printed_as_it_is_written() {
    let room = Room::new("schema_print");
    for kind in ["policy", "policies", "schema", "governance", "test"] {
        let printed = room.run(&["schema", kind, "--color", "always"]).succeeds().stdout;
        assert!(printed.starts_with('{') && printed.ends_with("}\n"), "{printed}");
        let path = format!("{kind}.json");
        let run = room.run(&["schema", kind, "--output", &path]).succeeds();
        assert_eq!(run.stdout, format!("wrote {path}\n"));
        assert_eq!(room.read(&path), printed.as_bytes());
    }
}

#[test]
fn all_schemas_go_into_a_directory_and_replace_older_ones() {
    let room = Room::new("schema_all");
    room.write("new/deep/policy.schema.json", r#"{"$id": "urn:actra:schema:policy", "old": 1}"#);
    let run = room.run(&["schema", "--all", "--output", "new/deep", "--format", "json"]).succeeds();
    let names = ["policy", "policies", "schema", "governance", "test"]
        .map(|kind| format!("new/deep/{kind}.schema.json"));
    assert_eq!(run.json(), serde_json::json!({"written": names}));
    for name in names {
        let text = String::from_utf8(room.read(&name)).unwrap();
        assert!(
            text.contains("\"$id\": \"urn:actra:schema:") && !text.contains("\"old\""),
            "{name}"
        );
    }
}

#[test]
fn other_files_are_left_alone_and_then_nothing_is_written() {
    let room = Room::new("schema_refused");
    room.write("out/test.schema.json", r#"{"mine": true}"#);
    room.run(&["schema", "--all", "--output", "out"])
        .fails(&["error[not_a_schema]: `out/test.schema.json` is there", "`--force`"]);
    assert_eq!(std::fs::read_dir(room.path("out")).unwrap().count(), 1);
    room.run(&["schema", "--all", "--output", "out", "--force"]).succeeds();
    assert_eq!(std::fs::read_dir(room.path("out")).unwrap().count(), 5);
    room.run(&["schema", "policy", "--output", "out"]).fails(&["error[not_a_file]", "out"]);
    room.run(&["schema", "--all", "--output", "policy/policy.yaml", "--format", "json"])
        .fails(&["\"code\":\"unwritable_file\"", "is a directory"]);
    room.run(&["schema", "policy", "--output", "none/a.json"]).fails(&["is not there"]);
}

#[test]
fn a_kind_or_all_of_them_must_be_named() {
    let room = Room::new("schema_usage");
    room.run(&["schema"]).fails(&["<KIND>"]);
    room.run(&["schema", "polcy"]).fails(&["a similar value exists: 'policy'"]);
    room.run(&["schema", "--all"]).fails(&["--output <FILE>"]);
    room.run(&["schema", "test", "--all", "--output", "x"]).fails(&["cannot be used with"]);
}
