//! From a rule file to compiled rules, or to errors that name the line.

use std::ops::Range;

use regex_syntax::hir::Hir;
use toml::Spanned;

use super::analyse;
use super::error::RuleError;
use super::schema::{RawPart, RawProvider, RawRule, RuleFile};
use super::types::*;
use crate::model::{Confidence, Severity};

const DEFAULT_BUDGET: u32 = 100;
const DEFAULT_RANDOMNESS: f32 = 0.7;

/// Reads, validates and compiles one rule file.
///
/// # Errors
/// All mistakes of the file, or the first one where it is not TOML or not of the schema.
pub fn compile_file(name: &str, source: &str) -> Result<Vec<Rule>, Vec<RuleError>> {
    let file: RuleFile = toml::from_str(source).map_err(|e| {
        vec![RuleError::at(
            name,
            source,
            e.span().unwrap_or(0..0),
            e.message().trim(),
        )]
    })?;
    let mut context = Context {
        name,
        source,
        errors: Vec::new(),
    };
    context.slug(&file.provider.id, "provider id");
    let mut rules: Vec<Rule> = Vec::new();
    for raw in &file.rules {
        let Some(rule) = context.rule(&file.provider, raw) else {
            continue;
        };
        if rules.iter().any(|other| other.id == rule.id) {
            context.error(
                raw.get_ref().id.span(),
                format!("a second rule `{}`", rule.id),
            );
        }
        rules.push(rule);
    }
    match context.errors.is_empty() {
        true => Ok(rules),
        false => Err(context.errors),
    }
}

struct Context<'a> {
    name: &'a str,
    source: &'a str,
    errors: Vec<RuleError>,
}

impl Context<'_> {
    fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.errors
            .push(RuleError::at(self.name, self.source, span, message));
    }

    fn slug(&mut self, text: &Spanned<String>, what: &str) {
        let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.get_ref().is_empty() || !text.get_ref().bytes().all(fine) {
            self.error(
                text.span(),
                format!(
                    "{what} `{}`; expected lower-case letters, digits and hyphens",
                    text.get_ref()
                ),
            );
        }
    }

    fn rule(&mut self, provider: &RawProvider, spanned: &Spanned<RawRule>) -> Option<Rule> {
        let raw = spanned.get_ref();
        let before = self.errors.len();
        self.slug(&raw.id, "rule id");
        let severity = self.named(
            &raw.severity,
            Severity::parse,
            "info, low, medium, high, critical",
        );
        let confidence = match &raw.confidence {
            Some(name) => self.named(name, Confidence::parse, "low, medium, high"),
            None if raw.kind() == "assignment" => Some(Confidence::Medium),
            None => Some(Confidence::High),
        };
        let structure = match &raw.structure {
            Some(name) => self
                .named(name, Structure::parse, &names(Structure::ALL, |s| s.name()))
                .map(Some),
            None => Some(None),
        };
        let matcher = self.matcher(spanned);
        self.examples(raw);
        let part = raw.part.as_ref().map(|part| self.part(part));
        if raw.alone == Some(false) && part.as_ref().is_none_or(|part| part.main) {
            self.error(
                raw.id.span(),
                "`alone = false`; expected it only at a part that is not the main one",
            );
        }
        let guidance = self.guidance(provider, raw);
        if self.errors.len() > before {
            return None;
        }
        let (rotate, replace, references) = guidance?;
        Some(Rule {
            id: owned(raw.id.get_ref()),
            provider_id: owned(provider.id.get_ref()),
            provider: owned(&provider.name),
            description: owned(&raw.description),
            severity: severity?,
            confidence: confidence?,
            rotate,
            replace,
            references,
            tags: list(raw.tags.as_ref().unwrap_or(&provider.tags)),
            keywords: keywords(raw),
            matcher: matcher?,
            randomness: raw
                .randomness
                .as_ref()
                .map_or(DEFAULT_RANDOMNESS, |r| *r.get_ref()),
            placeholders: raw.placeholders.unwrap_or(true),
            structure: structure?,
            budget: raw.budget.unwrap_or(DEFAULT_BUDGET),
            part,
            alone: raw.alone.unwrap_or(true),
            examples: list(&raw.examples),
            counter_examples: list(&raw.counter_examples),
            source: owned(&format!("{}:{}", self.name, self.line(raw.id.span()))),
        })
    }

    fn part(&mut self, raw: &RawPart) -> Part {
        for group in &raw.groups {
            self.slug(group, "group");
        }
        if raw.groups.is_empty() {
            self.error(raw.name.span(), "no `groups`; expected at least one");
        }
        let groups: Vec<String> = raw.groups.iter().map(|g| g.get_ref().clone()).collect();
        if raw.name.get_ref().is_empty() {
            self.error(raw.name.span(), "no name; expected what this part is");
        }
        Part {
            groups: list(&groups),
            name: owned(raw.name.get_ref()),
            main: raw.main,
        }
    }

    fn line(&self, span: Range<usize>) -> usize {
        self.source.as_bytes()[..span.start]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
            + 1
    }

    fn named<T>(
        &mut self,
        name: &Spanned<String>,
        parse: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let value = parse(name.get_ref());
        if value.is_none() {
            self.error(
                name.span(),
                format!("found `{}`; expected one of {expected}", name.get_ref()),
            );
        }
        value
    }

    fn examples(&mut self, raw: &RawRule) {
        for (list, what) in [
            (&raw.examples, "examples"),
            (&raw.counter_examples, "counter_examples"),
        ] {
            if list.len() < 2 {
                self.error(
                    raw.id.span(),
                    format!("{} {what}; expected at least two", list.len()),
                );
            }
        }
    }

    fn guidance(&mut self, provider: &RawProvider, raw: &RawRule) -> Option<(Str, Str, List<Str>)> {
        let mut either = |own: &Option<String>, shared: &Option<String>, what: &str| {
            let text = own
                .as_ref()
                .or(shared.as_ref())
                .filter(|text| !text.is_empty());
            if text.is_none() {
                self.error(
                    raw.id.span(),
                    format!("no `{what}`; expected it here or at the provider"),
                );
            }
            text.map(|text| owned(text))
        };
        let rotate = either(&raw.rotate, &provider.rotate, "rotate");
        let replace = either(&raw.replace, &provider.replace, "replace");
        let references = raw.references.as_ref().unwrap_or(&provider.references);
        if !references
            .iter()
            .any(|address| address.starts_with("https://"))
        {
            self.error(
                raw.id.span(),
                "no `references`; expected at least one https address",
            );
        }
        Some((rotate?, replace?, list(references)))
    }

    fn matcher(&mut self, spanned: &Spanned<RawRule>) -> Option<Matcher> {
        let raw = spanned.get_ref();
        self.fields(raw);
        match raw.kind() {
            "pattern" => {
                let (mut pattern, hir) = self.pattern(raw, &raw.pattern, "pattern")?;
                pattern.lead = self.lead(raw, raw.pattern.as_ref()?, &hir)?;
                Some(Matcher::Pattern(pattern, self.boundary(raw)?))
            }
            "assignment" => {
                self.some_keywords(raw)?;
                let value = match &raw.value {
                    Some(_) => Some(self.pattern(raw, &raw.value, "value")?.0),
                    None => None,
                };
                Some(Matcher::Assignment(Assignment { value }))
            }
            "run" => self.run(raw),
            "block" => self.block(raw),
            "file" => self.file(raw),
            _ => {
                let kind = raw.kind.as_ref()?;
                self.named(
                    kind,
                    |_| None::<()>,
                    "pattern, assignment, run, block, file",
                );
                None
            }
        }
    }

    /// Fields that mean nothing to the rule's kind are mistakes, not noise.
    fn fields(&mut self, raw: &RawRule) {
        let given = [
            ("keywords", raw.keywords.as_ref().map(Spanned::span)),
            ("pattern", raw.pattern.as_ref().map(Spanned::span)),
            ("value", raw.value.as_ref().map(Spanned::span)),
            ("begin", raw.begin.as_ref().map(Spanned::span)),
            ("end", raw.end.as_ref().map(Spanned::span)),
            ("alphabet", raw.alphabet.as_ref().map(Spanned::span)),
            ("min_len", raw.min_len.as_ref().map(Spanned::span)),
            ("max_len", raw.max_len.as_ref().map(Spanned::span)),
            ("files", raw.files.as_ref().map(Spanned::span)),
            ("parser", raw.parser.as_ref().map(Spanned::span)),
            ("boundary", raw.boundary.as_ref().map(Spanned::span)),
        ];
        let allowed: &[&str] = match raw.kind() {
            "pattern" => &["keywords", "pattern", "boundary"],
            "assignment" => &["keywords", "value"],
            "run" => &["keywords", "pattern", "alphabet", "min_len", "max_len"],
            "block" => &["keywords", "begin", "end", "alphabet", "min_len"],
            "file" => &["files", "parser"],
            _ => return,
        };
        for (name, span) in given {
            if let Some(span) = span.filter(|_| !allowed.contains(&name)) {
                let kind = raw.kind();
                self.error(
                    span,
                    format!("`{name}` has no meaning in a rule of kind `{kind}`"),
                );
            }
        }
        if let Some(share) = raw
            .randomness
            .as_ref()
            .filter(|r| !(0.0..=1.0).contains(r.get_ref()))
        {
            self.error(
                share.span(),
                format!("found {}; expected a share from 0 to 1", share.get_ref()),
            );
        }
    }

    fn pattern(
        &mut self,
        raw: &RawRule,
        source: &Option<Spanned<String>>,
        what: &str,
    ) -> Option<(Pattern, Hir)> {
        let Some(source) = source else {
            self.error(
                raw.id.span(),
                format!("no `{what}`; a rule of kind `{}` needs it", raw.kind()),
            );
            return None;
        };
        match analyse::pattern(source.get_ref()) {
            Ok(found) => Some(found),
            Err(message) => {
                self.error(source.span(), format!("`{what}`: {message}"));
                None
            }
        }
    }

    fn some_keywords(&mut self, raw: &RawRule) -> Option<()> {
        let Some(keywords) = raw.keywords.as_ref().filter(|k| !k.get_ref().is_empty()) else {
            self.error(raw.id.span(), "no `keywords`; expected at least one");
            return None;
        };
        for keyword in keywords.get_ref() {
            let text = keyword.get_ref();
            if text.len() < 3 || text.len() > 64 || !text.is_ascii() {
                self.error(
                    keyword.span(),
                    format!("keyword `{text}`; expected 3 to 64 bytes of ASCII"),
                );
            }
        }
        Some(())
    }

    /// Proves that every match holds a keyword, and tells where.
    fn lead(&mut self, raw: &RawRule, source: &Spanned<String>, hir: &Hir) -> Option<(u32, u32)> {
        self.some_keywords(raw)?;
        let texts: Vec<String> = keywords(raw).iter().map(|k| k.text.to_string()).collect();
        let lead = analyse::lead(hir, &texts, raw.ignore_case);
        if lead.is_none() {
            self.error(
                source.span(),
                format!(
                    "not every match holds one of the keywords {texts:?}; expected one, written out, in each \
                     alternative: `(?:ab-|cd-)` rather than `(?:ab|cd)-`"
                ),
            );
        }
        lead
    }

    fn boundary(&mut self, raw: &RawRule) -> Option<Boundary> {
        let Some(name) = &raw.boundary else {
            return Some(Boundary {
                left: true,
                right: true,
            });
        };
        let parse = |name: &str| match name {
            "both" => Some(Boundary {
                left: true,
                right: true,
            }),
            "left" => Some(Boundary {
                left: true,
                right: false,
            }),
            "right" => Some(Boundary {
                left: false,
                right: true,
            }),
            "none" => Some(Boundary {
                left: false,
                right: false,
            }),
            _ => None,
        };
        self.named(name, parse, "both, left, right, none")
    }

    fn alphabet(&mut self, raw: &RawRule) -> Option<ByteSet> {
        let Some(source) = &raw.alphabet else {
            self.error(
                raw.id.span(),
                "no `alphabet`; expected the inside of a character class",
            );
            return None;
        };
        match analyse::alphabet(source.get_ref()) {
            Ok(set) => Some(set),
            Err(message) => {
                self.error(source.span(), format!("`alphabet`: {message}"));
                None
            }
        }
    }

    fn min_len(&mut self, raw: &RawRule) -> Option<u32> {
        let Some(len) = &raw.min_len else {
            self.error(raw.id.span(), "no `min_len`; expected a length in bytes");
            return None;
        };
        if *len.get_ref() as usize > MAX_PATTERN_LEN {
            self.error(len.span(), format!("expected at most {MAX_PATTERN_LEN}"));
        }
        Some(*len.get_ref())
    }

    fn run(&mut self, raw: &RawRule) -> Option<Matcher> {
        let (mut head, hir) = self.pattern(raw, &raw.pattern, "pattern")?;
        head.lead = self.lead(raw, raw.pattern.as_ref()?, &hir)?;
        let alphabet = self.alphabet(raw)?;
        let min_len = self.min_len(raw)?;
        let max_len = raw.max_len.as_ref().map(|len| *len.get_ref());
        if let Some(len) = raw
            .max_len
            .as_ref()
            .filter(|len| *len.get_ref() as usize > MAX_PATTERN_LEN)
        {
            self.error(
                len.span(),
                format!("expected at most {MAX_PATTERN_LEN}; leave it out for any length"),
            );
        }
        Some(Matcher::Run(Run {
            head,
            alphabet,
            min_len,
            max_len,
        }))
    }

    fn block(&mut self, raw: &RawRule) -> Option<Matcher> {
        let (mut begin, hir) = self.pattern(raw, &raw.begin, "begin")?;
        begin.lead = self.lead(raw, raw.begin.as_ref()?, &hir)?;
        let (end, end_hir) = self.pattern(raw, &raw.end, "end")?;
        let literal = analyse::literal_prefix(&end_hir);
        if literal.len() < 3 {
            self.error(
                raw.end.as_ref()?.span(),
                "`end` must begin with a literal of at least three bytes",
            );
        }
        Some(Matcher::Block(Block {
            begin,
            alphabet: self.alphabet(raw)?,
            end_literal: owned(&String::from_utf8_lossy(&literal)),
            end,
            min_len: self.min_len(raw)?,
        }))
    }

    fn file(&mut self, raw: &RawRule) -> Option<Matcher> {
        let (Some(files), Some(parser)) = (&raw.files, &raw.parser) else {
            self.error(
                raw.id.span(),
                "a rule of kind `file` needs `files` and `parser`",
            );
            return None;
        };
        let parser = self.named(parser, Parser::parse, &names(Parser::ALL, |p| p.name()))?;
        Some(Matcher::File(FileRule {
            files: list(files.get_ref()),
            parser,
        }))
    }
}

impl RawRule {
    fn kind(&self) -> &str {
        self.kind.as_ref().map_or("pattern", |kind| kind.get_ref())
    }
}

/// Names of assignments are found in any case; everything else as the rule says.
fn keywords(raw: &RawRule) -> List<Keyword> {
    let fold = raw.ignore_case || raw.kind() == "assignment";
    let words = raw.keywords.as_ref().map_or(&[][..], |k| k.get_ref());
    let mut keywords: Vec<Keyword> = words
        .iter()
        .map(|word| match fold {
            true => word.get_ref().to_ascii_lowercase(),
            false => word.get_ref().clone(),
        })
        .map(|text| Keyword {
            text: Str::from(text),
            ignore_case: fold,
        })
        .collect();
    keywords.sort_by(|a, b| a.text.cmp(&b.text));
    keywords.dedup();
    List::from(keywords)
}

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> String {
    all.iter().map(|&x| name(x)).collect::<Vec<_>>().join(", ")
}

fn owned(text: &str) -> Str {
    Str::from(text.to_owned())
}

fn list(texts: &[String]) -> List<Str> {
    texts.iter().map(|text| owned(text)).collect()
}
