//! The shader's projection against the one here: `assets/shaders/projection.wgsl` is read by naga, and its functions
//! are evaluated in f32 on the CPU. What a GPU's own logarithm adds is below 1e-7 map units by the specification.

use naga::{
    BinaryOperator, Expression, Function, Handle, Literal, MathFunction, Module, Statement, UnaryOperator,
};
use proptest::prelude::*;

use super::*;

const SHADER: &str = include_str!("../../assets/shaders/projection.wgsl");

#[derive(Clone, Copy, Debug)]
enum Value {
    Number(f32),
    Truth(bool),
    Pair([f32; 2]),
}

impl Value {
    fn number(self) -> f32 {
        let Self::Number(number) = self else { panic!("{self:?} is no number") };
        number
    }

    fn truth(self) -> bool {
        let Self::Truth(truth) = self else { panic!("{self:?} is no truth") };
        truth
    }
}

/// The straight-line part of WGSL: no loops, no branches, no variables.
struct Evaluator<'a> {
    module: &'a Module,
    function: &'a Function,
    arguments: Vec<Value>,
}

impl Evaluator<'_> {
    fn call(module: &Module, function: &Function, arguments: Vec<Value>) -> Value {
        let returned = function.body.iter().find_map(|statement| match statement {
            Statement::Return { value } => *value,
            _ => None,
        });
        Evaluator { module, function, arguments }.value(returned.expect("a function that returns"))
    }

    fn value(&self, handle: Handle<Expression>) -> Value {
        let number = |handle| self.value(handle).number();
        match self.function.expressions[handle] {
            Expression::Literal(literal) => literal_value(literal),
            Expression::Constant(constant) => {
                match self.module.global_expressions[self.module.constants[constant].init] {
                    Expression::Literal(literal) => literal_value(literal),
                    ref other => panic!("not evaluated here: {other:?}"),
                }
            }
            Expression::FunctionArgument(index) => self.arguments[index as usize],
            Expression::Unary { op: UnaryOperator::Negate, expr } => Value::Number(-number(expr)),
            Expression::Binary { op, left, right } => binary(op, number(left), number(right)),
            Expression::Math { fun, arg, arg1, arg2, .. } => {
                let number_at = |argument: Option<_>| number(argument.expect("an argument"));
                Value::Number(match fun {
                    MathFunction::Abs => number(arg).abs(),
                    MathFunction::Clamp => number(arg).clamp(number_at(arg1), number_at(arg2)),
                    MathFunction::Log => number(arg).ln(),
                    MathFunction::Round => number(arg).round_ties_even(),
                    other => panic!("not evaluated here: {other:?}"),
                })
            }
            Expression::Select { condition, accept, reject } => {
                if self.value(condition).truth() {
                    self.value(accept)
                } else {
                    self.value(reject)
                }
            }
            Expression::Compose { ref components, .. } => {
                let [x, y] = components[..] else { panic!("not a pair") };
                Value::Pair([number(x), number(y)])
            }
            Expression::CallResult(function) => {
                let arguments = self.function.body.iter().find_map(|statement| match statement {
                    Statement::Call { arguments, result, .. } if *result == Some(handle) => Some(arguments),
                    _ => None,
                });
                let arguments =
                    arguments.expect("the call").iter().map(|&argument| self.value(argument)).collect();
                Evaluator::call(self.module, &self.module.functions[function], arguments)
            }
            ref other => panic!("not evaluated here: {other:?}"),
        }
    }
}

fn literal_value(literal: Literal) -> Value {
    match literal {
        Literal::F32(number) => Value::Number(number),
        other => panic!("not evaluated here: {other:?}"),
    }
}

fn binary(op: BinaryOperator, left: f32, right: f32) -> Value {
    match op {
        BinaryOperator::Add => Value::Number(left + right),
        BinaryOperator::Subtract => Value::Number(left - right),
        BinaryOperator::Multiply => Value::Number(left * right),
        BinaryOperator::Divide => Value::Number(left / right),
        BinaryOperator::Less => Value::Truth(left < right),
        other => panic!("not evaluated here: {other:?}"),
    }
}

fn shader_map_from_lon_lat(module: &Module, lon: f32, lat: f32) -> [f32; 2] {
    let mut functions = module.functions.iter().map(|(_, function)| function);
    let function = functions.find(|function| function.name.as_deref() == Some("map_from_lon_lat"));
    let arguments = vec![Value::Number(lon), Value::Number(lat)];
    match Evaluator::call(module, function.expect("the shader has the function"), arguments) {
        Value::Pair(pair) => pair,
        other => panic!("{other:?} is no point"),
    }
}

fn shader() -> Module {
    let module = naga::front::wgsl::parse_str(SHADER).expect("the shader parses");
    let mut validator = naga::valid::Validator::new(Default::default(), naga::valid::Capabilities::empty());
    validator.validate(&module).expect("the shader is valid");
    module
}

/// The most the twins may differ, in map units, at a latitude: 0.05 px of a world 500,000 px wide up to 60 degrees,
/// where a step of the f32 that holds the latitude is not much less; towards the poles Mercator magnifies that step.
fn tolerance(lat: f32) -> f32 {
    5e-8 / lat.clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians().cos().min(0.5) + 1e-8
}

#[test]
fn the_twins_agree_at_the_edges() {
    let module = shader();
    for (lon, lat) in [(180.0, 0.0), (-180.0, 90.0), (190.0, -90.0), (540.0, 34.0), (0.0, 0.0), (-0.0, 1e-6)]
    {
        let (cpu, gpu) = (map_from_lon_lat(lon, lat), shader_map_from_lon_lat(&module, lon, lat));
        assert_eq!(cpu[0], gpu[0], "x of {lon} {lat}");
        assert!((cpu[1] - gpu[1]).abs() <= tolerance(lat), "y of {lon} {lat}: {cpu:?} {gpu:?}");
    }
}

#[test]
fn the_twins_agree_everywhere() {
    let module = shader();
    let points = (-200.0f32..=200.0, -90.0f32..=90.0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(5_000));
    let agreed = runner.run(&points, |(lon, lat)| {
        let (cpu, gpu) = (map_from_lon_lat(lon, lat), shader_map_from_lon_lat(&module, lon, lat));
        prop_assert!((cpu[0] - gpu[0]).abs() <= 1e-7, "x {cpu:?} {gpu:?}");
        prop_assert!((cpu[1] - gpu[1]).abs() <= tolerance(lat), "y {cpu:?} {gpu:?} at {lat}");
        Ok(())
    });
    agreed.expect("the twins agree");
}
