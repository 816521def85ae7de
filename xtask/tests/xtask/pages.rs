//! Pages that a reader follows: files are written, commands run, output is compared.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PAGE: &str = "\
`a/b.txt`:
```text file=a/b.txt
one
```
```console
$ cat a/b.txt; ls
OUTPUT
```
```text file=a/b.txt append
two
```
```console
$ cat a/b.txt | \\
    tail -n 1; exit 3
two
[status 3]
```
";

fn page(name: &str, output: &str) -> std::io::Result<PathBuf> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, PAGE.replace("OUTPUT", output))?;
    Ok(path)
}

fn follow(page: &Path, option: Option<&str>) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_xtask")).arg("readme-check").args(option).arg(page).output()
}

#[test]
fn a_page_is_followed_from_an_empty_directory_each_time() -> std::io::Result<()> {
    let page = page("followed.md", "one\na")?;
    for _ in 0..2 {
        let output = follow(&page, None)?;
        assert!(output.status.success(), "{output:?}");
    }
    Ok(())
}

#[test]
fn another_output_fails_with_the_line_and_is_written_on_demand() -> std::io::Result<()> {
    let page = page("stale.md", "three\na")?;
    let output = follow(&page, None)?;
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("stale.md:7\n  shown   three\n  put out one\n"), "{said}");
    assert!(follow(&page, Some("--update"))?.status.success());
    assert_eq!(std::fs::read_to_string(&page)?, PAGE.replace("OUTPUT", "one\na"));
    Ok(())
}

#[test]
fn adding_to_a_file_that_is_not_there_fails() -> std::io::Result<()> {
    let page = page("added.md", "one\na")?;
    let text = std::fs::read_to_string(&page)?;
    std::fs::write(&page, text.replacen("text file=a/b.txt\n", "text file=a/c.txt\n", 1))?;
    let output = follow(&page, None)?;
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("added.md:10: `a/b.txt`"),
        "{output:?}"
    );
    Ok(())
}
