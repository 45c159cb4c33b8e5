use super::super::{NotForShells, Patterns, missing};
use super::*;
use crate::domain::Failure;

const FILE: &str = "/p/.vastenv.toml";

fn filters(only: &[&str], except: &[&str], rename: &[&str], prefix: Option<&str>) -> Filters {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Filters::parse(&owned(only), &owned(except), &owned(rename), prefix, &[]).expect("filters")
}

fn only(names: &[&str]) -> Filters {
    filters(names, &[], &[], None)
}

fn set(name: &str, value: Result<&str, Why>, made_of: &[&str]) -> (EnvName, SetVariable) {
    let made_of = made_of.iter().map(|name| (*name).to_owned()).collect();
    (EnvName::parse(name).expect(name), SetVariable { value: value.map(Secret::new), made_of })
}

type Result<T, E> = std::result::Result<T, E>;

fn account() -> KnownVariables {
    KnownVariables::said(&[
        ("AWS_KEY", Some("k")),
        ("AWS_SECRET", Some("s")),
        ("HF", Some("hf")),
        ("HIDDEN", None),
        ("PAGER", Some("less")),
    ])
}

fn assembled(
    layer: Option<&Layer<'_>>,
    flags: Option<&Filters>,
    rules: &Rules,
) -> Result<Environment, Failure> {
    let known = account();
    assemble(Sources { known: Some(&known), launch: &Launch::default() }, rules, layer, flags)
}

fn loaded(environment: &Environment) -> Vec<String> {
    let pairs = environment.variables.iter();
    pairs.map(|(name, value)| format!("{name}={}", value.expose())).collect()
}

fn why<'e>(environment: &'e Environment, name: &str) -> Option<&'e Why> {
    environment.skipped.iter().find(|skipped| skipped.name == name).map(|skipped| &skipped.why)
}

#[test]
fn a_project_narrows_renames_and_sets_and_flags_narrow_that() {
    let of_project = filters(&["HF", "AWS_*", "HIDDEN", "GONE"], &["AWS_SECRET"], &["TOKEN=HF"], Some("P_"));
    let layer = Layer {
        file: FILE.to_owned(),
        filters: &of_project,
        set: [set("URL", Ok("x:s"), &["AWS_SECRET"]), set("P_AWS_KEY", Ok("mine"), &[])].into(),
    };
    let environment = assembled(Some(&layer), None, &Rules::default()).expect("assembled");
    assert_eq!(loaded(&environment), ["P_AWS_KEY=mine", "P_TOKEN=hf", "URL=x:s"]);
    assert_eq!(why(&environment, "P_HIDDEN"), Some(&Why::Masked));
    assert_eq!(environment.account_name("P_TOKEN"), "HF");
    assert_eq!(environment.hidden_in_account(), ["HIDDEN"]);
    assert_eq!(environment.from_project, ["P_AWS_KEY".to_owned(), "URL".to_owned()].into());
    assert_eq!(environment.notes, [format!("{FILE}: no variable matches GONE")]);
    let flags = filters(&["URL", "P_TOKEN"], &[], &["U=URL", "T=P_TOKEN"], None);
    let environment = assembled(Some(&layer), Some(&flags), &Rules::default()).expect("assembled");
    assert_eq!(loaded(&environment), ["T=hf", "U=x:s"]);
    assert_eq!((environment.account_name("T"), environment.from_project.len()), ("HF", 1));
    // What the project leaves out is not there for flags.
    let failure =
        assembled(Some(&layer), Some(&only(&["AWS_SECRET"])), &Rules::default()).expect_err("left out");
    assert_eq!(failure.message(), "no variable matches AWS_SECRET");
    assert!(failure.next_step().is_some_and(|step| step.contains("--no-project")));
}

#[test]
fn names_that_collide_are_named_with_whose_they_are() {
    let of_project = filters(&[], &[], &["HF=AWS_KEY"], None);
    let layer = Layer { file: FILE.to_owned(), filters: &of_project, set: BTreeMap::new() };
    let failure = assembled(Some(&layer), None, &Rules::default()).expect_err("a collision");
    assert_eq!(failure.message(), format!("{FILE}: rename: AWS_KEY and HF would both be called HF"));
    let flags = filters(&[], &[], &["HF=AWS_KEY"], None);
    let failure = assembled(None, Some(&flags), &Rules::default()).expect_err("a collision");
    assert_eq!(failure.message(), "--rename: AWS_KEY and HF would both be called HF");
}

#[test]
fn what_a_project_sets_is_judged_like_all_else() {
    let of_project = only(&["HF"]);
    let long = "x".repeat(1024 * 1024);
    let unfilled = |are_hidden| Why::Unfilled { names: vec!["X".to_owned()], are_hidden };
    let layer = Layer {
        file: FILE.to_owned(),
        filters: &of_project,
        set: [
            set("LD_PRELOAD", Ok("x.so"), &[]),
            set("NUL", Ok("a\0b"), &[]),
            set("LONG", Ok(&long), &[]),
            set("GAP", Err(unfilled(false)), &["X"]),
            set("HF", Err(unfilled(true)), &["X"]),
            set("GOOD", Ok(""), &[]),
        ]
        .into(),
    };
    let environment = assembled(Some(&layer), None, &Rules::default()).expect("assembled");
    // One that cannot be filled leaves no other in its place.
    assert_eq!(loaded(&environment), ["GOOD="]);
    assert!(matches!(why(&environment, "LD_PRELOAD"), Some(Why::Refused(_))));
    assert_eq!(why(&environment, "NUL"), Some(&Why::HoldsNul));
    assert_eq!(why(&environment, "LONG"), Some(&Why::TooLong));
    assert_eq!(why(&environment, "HF"), Some(&unfilled(true)));
    let lacking = missing(&environment, &Filters::default(), |_| false).lacking;
    assert_eq!(lacking, [("HF".to_owned(), vec!["X".to_owned()])].into());
    let in_vain: Vec<String> = environment.chosen_in_vain().collect();
    assert_eq!(in_vain.len(), 5, "{in_vain:?}");
    assert!(in_vain.contains(&"GAP not loaded: made of X: no such variable".to_owned()), "{in_vain:?}");
    // A value that may come back any moment is not gone.
    let partial = Rules { partial: true, ..Rules::default() };
    let environment = assembled(Some(&layer), None, &partial).expect("assembled");
    assert!(environment.unavailable.contains(&EnvName::parse("HF").expect("a name")));
}

#[test]
fn what_is_for_programs_only_is_in_no_shell_whatever_it_is_called() {
    let of_project = filters(&["AWS_*", "HF"], &[], &["KEY=AWS_KEY"], None);
    let layer = Layer {
        file: FILE.to_owned(),
        filters: &of_project,
        set: [set("URL", Ok("https://s"), &["AWS_SECRET"]), set("PLAIN", Ok("p"), &["HF"])].into(),
    };
    let shell = |run_only: &[&str], all| Rules {
        shell: Some(NotForShells {
            run_only: Patterns::new(run_only.iter().map(|name| (*name).to_owned())),
            all,
        }),
        ..Rules::default()
    };
    let environment = assembled(Some(&layer), None, &shell(&["aws_*"], None)).expect("assembled");
    assert_eq!(loaded(&environment), ["HF=hf", "PLAIN=p"]);
    for name in ["AWS_SECRET", "KEY", "URL"] {
        assert_eq!(why(&environment, name), Some(&Why::RunOnly), "{name}");
    }
    assert_eq!(environment.run_only_notice().as_deref(), Some("3 variables are for `vastenv run` only"));
    let nothing = assembled(None, None, &shell(&["*"], None)).expect("assembled");
    assert_eq!(loaded(&nothing), [""; 0]);
    assert_eq!(why(&nothing, "HIDDEN"), Some(&Why::Masked));
    for all in [Why::OutsideProjects, Why::ProjectForRun] {
        let environment = assembled(Some(&layer), None, &shell(&[], Some(all.clone()))).expect("assembled");
        assert_eq!((loaded(&environment), why(&environment, "HF")), (vec![], Some(&all)));
    }
    // It makes no difference to what else fits, and what is unknown of it for a moment is no reason to keep it.
    let partial = Rules { partial: true, ..shell(&["*"], None) };
    assert!(assembled(None, None, &partial).expect("assembled").unavailable.is_empty());
}
