/**
 * @file A TensorFlow graph built from TypeScript: `Graph` adds operations, `Output` is a value in it, `Variable` a value that the session
 * keeps. `graphOps.ts` has the operations as functions, `graphSession.ts` runs them. A graph only grows; it is freed with its last reference.
 */
import { ShapeError } from '../errors.js';
import { graphAddon, withEngineErrors, type Attribute, type GraphAddon, type GraphHandle, type TensorArray } from './graphAddon.js';

/** TensorFlow's numbers of the element types used here. */
export const DATA_TYPE = { f32: 1, f64: 2, int32: 3, uint8: 4, int64: 9, bool: 10, bf16: 14, uint16: 17, resource: 20 } as const;
export type DataType = keyof typeof DATA_TYPE;

const TYPE_NAME = new Map(Object.entries(DATA_TYPE).map(([name, number]) => [number as number, name as DataType]));
const OUTPUTS_PER_OPERATION = 1024;

/** Value `index` of operation `operation`; `shape` has -1 where the graph cannot know. */
export interface Output {
  readonly graph: Graph;
  readonly number: number;
  readonly type: DataType;
  readonly shape: readonly number[];
}

/** A value kept by each session of the graph, from its first assignment until the session closes. */
export interface Variable {
  readonly handle: Output;
  readonly type: DataType;
  readonly shape: readonly number[];
}

/** An operation's number, for control inputs and targets. */
export type Operation = number;

export interface OperationOptions {
  readonly attributes?: readonly Attribute[];
  /** Operations that must have run before. */
  readonly after?: readonly Operation[];
}

export class Graph {
  readonly handle: GraphHandle;
  readonly #addon: GraphAddon;
  #names = 0;

  /** @throws EngineError if the compiled engine is absent */
  constructor() {
    this.#addon = graphAddon();
    this.handle = this.#addon.createGraph();
  }

  /**
   * Adds an operation of TensorFlow's (or a custom one) by its registered name. An array among `inputs` is one list input.
   * @throws EngineError with TensorFlow's message if types, shapes or attributes do not fit
   */
  operation(type: string, inputs: readonly (Output | readonly Output[])[], options: OperationOptions = {}): Operation {
    const numbers = inputs.map((input) => ('number' in input ? input.number : input.map((item) => item.number)));
    const name = `${type}_${this.#names++}`;
    return withEngineErrors(() => this.#addon.addOperation(this.handle, type, name, numbers, options.attributes ?? [], options.after ?? []));
  }

  /** Output `index` of an operation. */
  output(operation: Operation, index = 0): Output {
    return this.#describe(operation * OUTPUTS_PER_OPERATION + index);
  }

  /** `operation` and its first output, which is what most operations are added for. */
  value(type: string, inputs: readonly (Output | readonly Output[])[], options: OperationOptions = {}): Output {
    return this.output(this.operation(type, inputs, options));
  }

  /** A value that each run is fed. @param shape -1 for a dimension that varies between runs */
  placeholder(type: DataType, shape: readonly number[]): Output {
    return this.value('Placeholder', [], { attributes: [['dtype', 'type', DATA_TYPE[type]], ['shape', 'shape', shape]] });
  }

  constant(type: DataType, shape: readonly number[], values: TensorArray): Output {
    return this.value('Const', [], { attributes: [['dtype', 'type', DATA_TYPE[type]], ['value', 'tensor', [DATA_TYPE[type], shape, values]]] });
  }

  scalar(value: number): Output {
    return this.constant('f32', [], Float32Array.of(value));
  }

  ints(values: readonly number[]): Output {
    return this.constant('int32', [values.length], Int32Array.from(values));
  }

  variable(name: string, type: DataType, shape: readonly number[]): Variable {
    const attributes: Attribute[] = [['dtype', 'type', DATA_TYPE[type]], ['shape', 'shape', shape], ['shared_name', 'string', name]];
    return { handle: this.value('VarHandleOp', [], { attributes }), type, shape };
  }

  /** The variable's value; `after` orders it behind updates in the same run. */
  read(variable: Variable, after: readonly Operation[] = []): Output {
    return this.value('ReadVariableOp', [variable.handle], { attributes: [['dtype', 'type', DATA_TYPE[variable.type]]], after });
  }

  assign(variable: Variable, value: Output, after: readonly Operation[] = []): Operation {
    return this.operation('AssignVariableOp', [variable.handle, value], { attributes: [['dtype', 'type', DATA_TYPE[variable.type]]], after });
  }

  /**
   * Gradients of the sum of `y` with respect to each of `xs`, added to the graph by TensorFlow.
   * @throws EngineError if an operation between has no gradient, or y does not depend on one of xs
   */
  gradients(y: Output, xs: readonly Output[]): Output[] {
    const numbers = withEngineErrors(() => this.#addon.addGradients(this.handle, [y.number], xs.map((x) => x.number), []));
    return numbers.map((number) => this.#describe(number));
  }

  #describe(number: number): Output {
    const [type = 0, , ...shape] = withEngineErrors(() => this.#addon.describeOutput(this.handle, number));
    const name = TYPE_NAME.get(type);
    if (name === undefined) throw new ShapeError(`an output's type must be one of ${Object.keys(DATA_TYPE).join(', ')}, got TensorFlow type ${type}`);
    return { graph: this, number, type: name, shape };
  }
}
