/**
 * Information elements (IEs) of GTP's control planes, and messages as lists of them. GTPv1-C (TS
 * 29.060 §7.7) and GTPv2-C (TS 29.274 §8) have IEs of their own and frame them differently; what a
 * message holds, which of it is mandatory, and what is done about faults is the same for both.
 */
import { view } from './bytes.ts';

/** `header`: no message could be found. The others name an IE, and become a Cause (`gtp-cause.ts`). */
export type GtpFault =
  | 'header'
  | 'version'
  | 'unknown_message'
  | 'length'
  | 'missing'
  | 'incorrect'
  | 'unknown_ie';

/** What identifies a message, where at least its header could be read. */
export interface GtpHeader {
  readonly type: number;
  /** Undefined where the header has none (GTPv2-C path messages). */
  readonly teid: number | undefined;
  readonly sequence: number;
}

/** Why bytes are no message, in words that name message, IE and offset. */
export interface GtpProblem {
  readonly kind: 'problem';
  readonly fault: GtpFault;
  readonly header: GtpHeader | undefined;
  /** Type of the IE at fault. */
  readonly ie: { readonly type: number; readonly instance: number } | undefined;
  /** Bytes from the beginning of the message. */
  readonly offset: number;
  readonly text: string;
}

/** Thrown inside of the codecs, and turned into a `GtpProblem` where bytes come in. */
export class GtpError extends Error {
  override readonly name = 'GtpError';
  readonly fault: GtpFault;
  readonly offset: number;
  readonly ie: GtpProblem['ie'];

  constructor(fault: GtpFault, offset: number, text: string, ie?: GtpProblem['ie']) {
    super(text);
    this.fault = fault;
    this.offset = offset;
    this.ie = ie;
  }
}

/** Runs `read`; what it throws as a GtpError becomes a problem of the message `header` names. */
export function orProblem<T>(header: () => GtpHeader | undefined, read: () => T): T | GtpProblem {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GtpError)) throw error;
    const { fault, offset, ie, message } = error;
    const text = `${message} (offset ${offset})`;
    return { kind: 'problem', fault, header: header(), ie, offset, text };
  }
}

/** An IE as it stands in a message. */
export interface RawIe {
  readonly type: number;
  /** GTPv2-C's instance; in GTPv1-C how many IEs of this type stand before it. */
  readonly instance: number;
  readonly data: Buffer;
  /** Of its first byte of data, from the beginning of the message. */
  readonly offset: number;
}

/** How one kind of IE is read and written. */
export interface IeCodec<T> {
  /** As the standard names it. */
  readonly name: string;
  readonly type: number;
  /** Bytes that must be there; what stands behind what is known is of a later release, and skipped. */
  readonly least: number;
  /** `data` holds at least `least` bytes. Throws IllValue where they mean nothing. */
  readonly read: (data: Buffer, offset: number) => T;
  /** Throws RangeError where the value does not fit. */
  readonly write: (value: T) => Uint8Array;
}

/** What a codec's `read` throws: the field and what is wrong with it. */
export class IllValue extends Error {
  override readonly name = 'IllValue';
}

export function ie<T>(
  name: string,
  type: number,
  least: number,
  read: (data: Buffer, offset: number) => T,
  write: (value: T) => Uint8Array,
): IeCodec<T> {
  return { name, type, least, read, write };
}

export type Presence = 'mandatory' | 'optional' | 'many';

export interface Field<T, P extends Presence> {
  readonly codec: IeCodec<T>;
  readonly instance: number;
  readonly presence: P;
}

// biome-ignore lint/suspicious/noExplicitAny: IeCodec is invariant in its value; each field has its own
export type AnyField = Field<any, Presence>;
export type Fields = Readonly<Record<string, AnyField>>;

type Keys<F extends Fields, P extends Presence> = {
  [K in keyof F]: F[K]['presence'] extends P ? K : never;
}[keyof F];
type ValueOf<F extends AnyField> = F extends Field<infer T, Presence> ? T : never;

/** The values of a message's fields, by their names. */
export type Values<F extends Fields> = { readonly [K in Keys<F, 'mandatory'>]: ValueOf<F[K]> } & {
  readonly [K in Keys<F, 'optional'>]?: ValueOf<F[K]> | undefined;
} & { readonly [K in Keys<F, 'many'>]: readonly ValueOf<F[K]>[] };

/** It must be there: without it, or with one that means nothing, the message is refused. */
export const mandatory = <T>(codec: IeCodec<T>, instance = 0): Field<T, 'mandatory'> => ({
  ...{ codec, instance },
  presence: 'mandatory',
});
/** Conditional and optional IEs alike; one that means nothing is as if it were not there. */
export const optional = <T>(codec: IeCodec<T>, instance = 0): Field<T, 'optional'> => ({
  ...{ codec, instance },
  presence: 'optional',
});
/** A list: any number of IEs of one type and instance. */
export const many = <T>(codec: IeCodec<T>, instance = 0): Field<T, 'many'> => ({
  ...{ codec, instance },
  presence: 'many',
});

export interface ReadFields<F extends Fields> {
  readonly values: Values<F>;
  /** IEs that the message's definition does not know, in their order. */
  readonly unknown: readonly RawIe[];
}

/**
 * Finds the fields among the IEs. Of an IE that may stand once, the first counts (TS 29.274 §7.7.10,
 * TS 29.060 §11.1.9). Throws GtpError with the message's name where a mandatory one is missing or means
 * nothing (TS 29.274 §7.7.5, §7.7.6; TS 29.060 §11.1.6, §11.1.7).
 */
export function readFields<F extends Fields>(
  message: string,
  fields: F,
  ies: readonly RawIe[],
  end: number,
): ReadFields<F> {
  const { list: all, places } = indexOf(fields);
  const unknown: RawIe[] = [];
  // By place, since faults are told in the order of the definition.
  const there: (RawIe | RawIe[] | undefined)[] = new Array(all.length).fill(undefined);
  for (const raw of ies) {
    const place = places.get(placeKey(raw.type, raw.instance));
    const before = place === undefined ? undefined : there[place];
    if (place === undefined) unknown.push(raw);
    else if (before === undefined) there[place] = raw;
    else if (Array.isArray(before)) before.push(raw);
    else there[place] = [before, raw];
  }
  const values: Record<string, unknown> = {};
  for (let place = 0; place < all.length; place++) {
    const field = all[place] as KeyedField;
    const value = readField(message, field, there[place]);
    if (value !== undefined) values[field.key] = value;
    else if (field.presence === 'mandatory') {
      const { codec, instance } = field;
      const text = `${message}: ${codec.name} (type ${codec.type}, instance ${instance}) is missing`;
      throw new GtpError('missing', end, text, { type: codec.type, instance });
    }
  }
  return { values: values as Values<F>, unknown };
}

/** A list where it may stand many times; of others the first that means something. */
function readField(
  message: string,
  { codec, presence }: KeyedField,
  there: RawIe | RawIe[] | undefined,
): unknown {
  const lenient = presence === 'optional';
  if (there === undefined) return presence === 'many' ? [] : undefined;
  if (!Array.isArray(there) && presence !== 'many') return readOne(message, codec, there, lenient);
  const list: unknown[] = [];
  for (const raw of Array.isArray(there) ? there : [there]) {
    const value = readOne(message, codec, raw, lenient);
    if (value === undefined) continue;
    if (presence !== 'many') return value;
    list.push(value);
  }
  return presence === 'many' ? list : undefined;
}

type KeyedField = AnyField & { readonly key: string };

interface FieldIndex {
  readonly list: readonly KeyedField[];
  /** Places in the list by type and instance; of two fields with the same the first. */
  readonly places: ReadonlyMap<number, number>;
}

/** Made once for each definition. */
const indexes = new WeakMap<Fields, FieldIndex>();

function indexOf(fields: Fields): FieldIndex {
  const known = indexes.get(fields);
  if (known !== undefined) return known;
  const list = Object.entries(fields).map(([key, field]) => ({ key, ...field }));
  const places = new Map<number, number>();
  for (const [place, { codec, instance }] of list.entries()) {
    const key = placeKey(codec.type, instance);
    if (!places.has(key)) places.set(key, place);
  }
  const made = { list, places };
  indexes.set(fields, made);
  return made;
}

function placeKey(type: number, instance: number): number {
  return 0x100 * instance + type;
}

function readOne<T>(
  message: string,
  codec: IeCodec<T>,
  raw: RawIe,
  lenient: boolean,
): T | undefined {
  const { data, offset } = raw;
  if (data.length < codec.least) {
    if (lenient) return undefined;
    const where = { type: raw.type, instance: raw.instance };
    const text = `${message}: ${codec.name} has ${data.length} bytes, at least ${codec.least} are needed`;
    throw new GtpError('length', offset, text, where);
  }
  try {
    return codec.read(data, offset);
  } catch (error) {
    if (lenient && (error instanceof IllValue || error instanceof GtpError)) return undefined;
    const where = { type: raw.type, instance: raw.instance };
    if (error instanceof GtpError) {
      throw new GtpError(
        error.fault,
        error.offset,
        `${message}: ${error.message}`,
        error.ie ?? where,
      );
    }
    if (!(error instanceof IllValue)) throw error;
    throw new GtpError('incorrect', offset, `${message}: ${codec.name}: ${error.message}`, where);
  }
}

/** IEs in the order of the definition. Throws RangeError that names the IE which does not fit. */
export function writeFields<F extends Fields>(fields: F, values: Values<F>): RawIe[] {
  const given = values as Readonly<Record<string, unknown>>;
  const ies: RawIe[] = [];
  for (const { key, codec, instance, presence } of indexOf(fields).list) {
    const value = given[key];
    if (value === undefined) continue;
    const { type } = codec;
    if (presence !== 'many') {
      ies.push({ type, instance, offset: 0, data: writeOne(codec, value) });
      continue;
    }
    for (const one of value as readonly unknown[]) {
      ies.push({ type, instance, offset: 0, data: writeOne(codec, one) });
    }
  }
  return ies;
}

function writeOne<T>(codec: IeCodec<T>, value: T): Buffer {
  try {
    return view(codec.write(value));
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`${codec.name}: ${error.message}`);
    throw error;
  }
}

/** A kind of message: its name in the standard, its type, and what it holds. */
export interface MessageDefinition<F extends Fields> {
  readonly name: string;
  readonly type: number;
  readonly fields: F;
}

export function message<F extends Fields>(
  name: string,
  type: number,
  fields: F,
): MessageDefinition<F> {
  return { name, type, fields };
}

export type Definitions = Readonly<Record<string, MessageDefinition<Fields>>>;

/** All messages of a protocol, told apart by `kind`. */
export type MessageOf<D extends Definitions, Header> = {
  [K in keyof D]: Header & {
    readonly kind: K;
    readonly ies: Values<D[K]['fields']>;
    /** Kept for whoever wants them; a receiver that does not know them goes on without. */
    readonly unknown: readonly RawIe[];
  };
}[keyof D];
