//! What can be changed in a source file: each change is text that is put beside the original, so that
//! one build has all of them and a number picks which one is in force.

use proc_macro2::LineColumn;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// One change.
#[derive(Clone)]
pub struct Mutant {
    /// Of the repository, with `/`.
    pub file: String,
    pub function: String,
    pub line: usize,
    /// What is done: `<` becomes `<=` in `a < b`.
    pub change: String,
    /// How many changes before it in the same function read the same.
    pub twin: usize,
}

impl Mutant {
    /// What names it as long as its function stays as it is.
    pub fn name(&self) -> String {
        let twin = if self.twin == 0 { String::new() } else { format!(" ({})", self.twin + 1) };
        format!("{} | {} | {}{twin}", self.file, self.function, self.change)
    }
}

/// Text put into a file at a place, for a mutant or (without) as a part of all of them.
struct Insertion {
    at: usize,
    /// Insertions at one place come in this order.
    order: i64,
    text: String,
    mutant: Option<usize>,
}

/// The changes of one file, and how they are put into it.
pub struct Found {
    pub mutants: Vec<Mutant>,
    insertions: Vec<Insertion>,
    /// `const` of functions, which is taken away where the build allows it: name and place.
    constants: Vec<(String, Range<usize>)>,
    /// The bodies of functions, for errors that are in none of the insertions.
    bodies: Vec<Range<usize>>,
}

/// A file with its changes.
pub struct Written {
    pub file: String,
    pub text: String,
    /// Which places of it belong to which mutant.
    pub whose: Vec<(Range<usize>, usize)>,
    /// Functions.
    pub bodies: Vec<Range<usize>>,
}

struct Finder<'a> {
    file: &'a str,
    text: &'a str,
    /// Where each line starts.
    lines: Vec<usize>,
    /// How a mutant asks whether it is in force.
    ask: &'a str,
    /// The number of the first mutant.
    first: usize,
    /// Functions that have to stay `const`.
    keep_const: &'a [String],
    path: Vec<String>,
    depth: i64,
    found: Found,
}

/// Finds all changes of a file.
pub fn find(
    file: &str,
    text: &str,
    ask: &str,
    first: usize,
    keep_const: &[String],
) -> Result<Found, String> {
    let parsed = syn::parse_file(text).map_err(|error| format!("{file}: {error}"))?;
    let lines = std::iter::once(0)
        .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
        .collect();
    let found = Found {
        mutants: Vec::new(),
        insertions: Vec::new(),
        constants: Vec::new(),
        bodies: Vec::new(),
    };
    let mut finder =
        Finder { file, text, lines, ask, first, keep_const, path: Vec::new(), depth: 0, found };
    finder.visit_file(&parsed);
    Ok(finder.found)
}

impl Found {
    /// The file's text with the insertions but for those of dropped mutants.
    pub fn write(mut self, file: &str, text: &str, dropped: &[bool]) -> Written {
        self.insertions.sort_by_key(|insertion| (insertion.at, insertion.order));
        self.insertions.retain(|insertion| insertion.mutant.is_none_or(|id| !dropped[id]));
        let mut text = text.to_owned();
        for (_, place) in &self.constants {
            text.replace_range(place.clone(), &" ".repeat(place.len()));
        }
        let (mut out, mut whose, mut last) = (String::new(), Vec::new(), 0);
        for insertion in &self.insertions {
            out.push_str(&text[last..insertion.at]);
            last = insertion.at;
            let start = out.len();
            out.push_str(&insertion.text);
            whose.extend(insertion.mutant.map(|id| (start..out.len(), id)));
        }
        out.push_str(&text[last..]);
        let moved = |place: usize| {
            let before = self.insertions.iter().filter(|insertion| insertion.at < place);
            place + before.map(|insertion| insertion.text.len()).sum::<usize>()
        };
        let bodies = self.bodies.iter().map(|body| moved(body.start)..moved(body.end)).collect();
        Written { file: file.to_owned(), text: out, whose, bodies }
    }
}

impl Finder<'_> {
    fn offset(&self, place: LineColumn) -> usize {
        let start = self.lines[place.line - 1];
        let line = &self.text[start..];
        start + line.char_indices().nth(place.column).map_or(line.len(), |(at, _)| at)
    }

    fn range(&self, node: &impl Spanned) -> Range<usize> {
        let span = node.span();
        self.offset(span.start())..self.offset(span.end())
    }

    fn source(&self, node: &impl Spanned) -> &str {
        &self.text[self.range(node)]
    }

    /// A new mutant's number.
    fn mutant(&mut self, node: &impl Spanned, change: String) -> usize {
        let function = self.path.join("::");
        let twin = self
            .found
            .mutants
            .iter()
            .filter(|mutant| mutant.function == function && mutant.change == change)
            .count();
        self.found.mutants.push(Mutant {
            file: self.file.to_owned(),
            function,
            line: node.span().start().line,
            change,
            twin,
        });
        self.first + self.found.mutants.len() - 1
    }

    fn insert(&mut self, at: usize, order: i64, mutant: Option<usize>, text: String) {
        self.found.insertions.push(Insertion { at, order, text, mutant });
    }

    /// `(if A { x } else { original })`, for each way to write it otherwise.
    fn instead(&mut self, node: &impl Spanned, others: Vec<(String, String)>) {
        let range = self.range(node);
        let depth = self.depth;
        // What is outside opens first and closes last.
        self.insert(range.start, depth * 2, None, "(".to_owned());
        for (change, other) in others {
            let id = self.mutant(node, change);
            let text = format!("if {}({id}) {{ {other} }} else ", self.ask);
            self.insert(range.start, depth * 2 + 1, Some(id), text);
        }
        self.insert(range.start, depth * 2 + 1, None, "{".to_owned());
        self.insert(range.end, -depth, None, "})".to_owned());
    }

    fn function(
        &mut self,
        attributes: &[syn::Attribute],
        signature: &syn::Signature,
        block: &syn::Block,
    ) {
        if is_test(attributes) {
            return;
        }
        let name = signature.ident.to_string();
        if let Some(token) = &signature.constness {
            if self.keep_const.contains(&name) {
                return;
            }
            let place = self.range(token);
            self.found.constants.push((name.clone(), place));
        }
        self.path.push(name);
        let body = self.range(block);
        self.found.bodies.push(body.clone());
        if !block.stmts.is_empty() {
            for value in values(&signature.output) {
                let shown = if value.is_empty() { "()" } else { &value };
                let id = self.mutant(&signature.ident, format!("the whole body becomes `{shown}`"));
                let text = format!(" if {}({id}) {{ return {value}; }} ", self.ask);
                self.insert(body.start + 1, 0, Some(id), text);
            }
        }
        self.depth += 1;
        visit::visit_block(self, block);
        self.depth -= 1;
        self.path.pop();
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.meta.require_list().is_ok_and(|list| {
                    list.tokens
                        .to_string()
                        .split(|c: char| !c.is_alphanumeric())
                        .any(|w| w == "test")
                })
    })
}

/// One line, and not a long one.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\u{2223}");
    match line.char_indices().nth(90) {
        Some((at, _)) => format!("{}\u{2026}", &line[..at]),
        None => line,
    }
}

/// Values of a type that say little: what a function may give instead of its own.
fn values(output: &syn::ReturnType) -> Vec<String> {
    match output {
        syn::ReturnType::Default => vec![String::new()],
        syn::ReturnType::Type(_, of) => of_type(of),
    }
}

fn of_type(of: &syn::Type) -> Vec<String> {
    let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    match of {
        syn::Type::Tuple(tuple) if tuple.elems.is_empty() => all(&["()"]),
        syn::Type::Tuple(tuple) => {
            let parts: Vec<_> =
                tuple.elems.iter().map(|of| of_type(of).into_iter().next()).collect();
            match parts.into_iter().collect::<Option<Vec<_>>>() {
                Some(parts) => vec![format!("({})", parts.join(", "))],
                None => Vec::new(),
            }
        }
        syn::Type::Reference(reference) => match &*reference.elem {
            syn::Type::Slice(_) if reference.mutability.is_none() => all(&["&[]"]),
            syn::Type::Path(path) if path.path.is_ident("str") => all(&["\"\"", "\"xyzzy\""]),
            _ => Vec::new(),
        },
        syn::Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return Vec::new() };
            let inner = match &last.arguments {
                syn::PathArguments::AngleBracketed(list) => list.args.iter().find_map(|argument| {
                    if let syn::GenericArgument::Type(of) = argument {
                        Some(of_type(of))
                    } else {
                        None
                    }
                }),
                _ => None,
            };
            let wrapped = |name: &str| {
                inner
                    .clone()
                    .unwrap_or_default()
                    .into_iter()
                    .map(|value| format!("{name}({value})"))
                    .collect::<Vec<_>>()
            };
            match last.ident.to_string().as_str() {
                "bool" => all(&["true", "false"]),
                "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => all(&["0", "1"]),
                "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => all(&["0", "1", "-1"]),
                "f64" => all(&["0.0", "1.0"]),
                "Option" => [vec!["None".to_owned()], wrapped("Some")].concat(),
                "Result" => wrapped("Ok"),
                _ => all(&["Default::default()"]),
            }
        }
        _ => Vec::new(),
    }
}

fn others(op: &syn::BinOp) -> (&'static str, &'static [&'static str]) {
    use syn::BinOp::*;
    match op {
        Eq(_) => ("==", &["!="]),
        Ne(_) => ("!=", &["=="]),
        Lt(_) => ("<", &["<=", ">", "=="]),
        Le(_) => ("<=", &["<", ">"]),
        Gt(_) => (">", &[">=", "<", "=="]),
        Ge(_) => (">=", &[">", "<"]),
        And(_) => ("&&", &["||"]),
        Or(_) => ("||", &["&&"]),
        Add(_) => ("+", &["-", "*"]),
        Sub(_) => ("-", &["+", "/"]),
        Mul(_) => ("*", &["+", "/"]),
        Div(_) => ("/", &["%", "*"]),
        Rem(_) => ("%", &["/", "+"]),
        BitAnd(_) => ("&", &["|", "^"]),
        BitOr(_) => ("|", &["&", "^"]),
        BitXor(_) => ("^", &["&", "|"]),
        Shl(_) => ("<<", &[">>"]),
        Shr(_) => (">>", &["<<"]),
        AddAssign(_) => ("+=", &["-=", "*="]),
        SubAssign(_) => ("-=", &["+=", "/="]),
        MulAssign(_) => ("*=", &["+=", "/="]),
        DivAssign(_) => ("/=", &["%=", "*="]),
        RemAssign(_) => ("%=", &["/=", "+="]),
        BitAndAssign(_) => ("&=", &["|=", "^="]),
        BitOrAssign(_) => ("|=", &["&=", "^="]),
        BitXorAssign(_) => ("^=", &["&=", "|="]),
        ShlAssign(_) => ("<<=", &[">>="]),
        ShrAssign(_) => (">>=", &["<<="]),
        _ => ("", &[]),
    }
}

/// Whether a condition binds names: then it cannot be written twice.
fn binds(node: &syn::ExprBinary) -> bool {
    struct Lets(bool);
    impl Visit<'_> for Lets {
        fn visit_expr_let(&mut self, _: &syn::ExprLet) {
            self.0 = true;
        }
        fn visit_expr_closure(&mut self, _: &syn::ExprClosure) {}
        fn visit_block(&mut self, _: &syn::Block) {}
        fn visit_expr_match(&mut self, _: &syn::ExprMatch) {}
    }
    let mut lets = Lets(false);
    lets.visit_expr_binary(node);
    lets.0
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, node: &'ast syn::ItemMod) {
        if !is_test(&node.attrs) {
            visit::visit_item_mod(self, node);
        }
    }

    fn visit_item_impl(&mut self, node: &'ast syn::ItemImpl) {
        let of = match &*node.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        let of_trait = node.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        if is_test(&node.attrs) || of_trait.is_some_and(|of| of.ident == "Debug") {
            return;
        }
        let of = of.unwrap_or_else(|| short(self.source(&*node.self_ty)));
        self.path.push(match of_trait {
            Some(name) => format!("<{of} as {}>", name.ident),
            None => of,
        });
        visit::visit_item_impl(self, node);
        self.path.pop();
    }

    fn visit_item_fn(&mut self, node: &'ast syn::ItemFn) {
        self.function(&node.attrs, &node.sig, &node.block);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        self.function(&node.attrs, &node.sig, &node.block);
    }

    fn visit_trait_item_fn(&mut self, node: &'ast syn::TraitItemFn) {
        if let Some(block) = &node.default {
            self.function(&node.attrs, &node.sig, block);
        }
    }

    fn visit_expr_binary(&mut self, node: &'ast syn::ExprBinary) {
        let (op, changes) = others(&node.op);
        if !changes.is_empty() && !binds(node) {
            let (left, right) = (self.source(&*node.left), self.source(&*node.right));
            let whole = short(&format!("{left} {op} {right}"));
            let changes = changes
                .iter()
                .map(|other| {
                    (
                        format!("`{}` becomes `{}` in `{whole}`", short(op), short(other)),
                        format!("{left} {other} {right}"),
                    )
                })
                .collect();
            self.instead(node, changes);
        }
        self.depth += 1;
        visit::visit_expr_binary(self, node);
        self.depth -= 1;
    }

    fn visit_expr_unary(&mut self, node: &'ast syn::ExprUnary) {
        if matches!(node.op, syn::UnOp::Not(_) | syn::UnOp::Neg(_)) {
            let inner = self.source(&*node.expr).to_owned();
            let op = if matches!(node.op, syn::UnOp::Not(_)) { "!" } else { "-" };
            let change = format!("`{op}` is left out of `{op}{}`", short(&inner));
            self.instead(node, vec![(change, inner)]);
        }
        self.depth += 1;
        visit::visit_expr_unary(self, node);
        self.depth -= 1;
    }

    fn visit_expr_match(&mut self, node: &'ast syn::ExprMatch) {
        let rest =
            node.arms.iter().any(|arm| matches!(arm.pat, syn::Pat::Wild(_)) && arm.guard.is_none());
        for arm in &node.arms {
            let pattern = short(self.source(&arm.pat));
            if let Some((_, guard)) = &arm.guard {
                let range = self.range(&**guard);
                self.insert(range.start, self.depth * 2, None, "(".to_owned());
                for value in ["true", "false"] {
                    let id = self
                        .mutant(&**guard, format!("the guard of `{pattern}` becomes `{value}`"));
                    let text = format!("if {}({id}) {{ {value} }} else ", self.ask);
                    self.insert(range.start, self.depth * 2 + 1, Some(id), text);
                }
                self.insert(range.start, self.depth * 2 + 1, None, "{".to_owned());
                self.insert(range.end, -self.depth, None, "})".to_owned());
            } else if rest && !matches!(arm.pat, syn::Pat::Wild(_)) {
                let end = self.range(&arm.pat).end;
                let id = self.mutant(&arm.pat, format!("the arm `{pattern}` is left out"));
                let text = format!(" if !{}({id})", self.ask);
                self.insert(end, 0, Some(id), text);
            }
        }
        self.depth += 1;
        visit::visit_expr_match(self, node);
        self.depth -= 1;
    }

    // Where nothing can be asked while the program runs.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'ast syn::TraitItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_macro(&mut self, _: &'ast syn::Macro) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
}
