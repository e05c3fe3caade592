/** What is said of structs and their fields, by struct: the text of the struct, and those of its fields by name. */
export type Descriptions = Readonly<Record<string, readonly [text: string, fields: Readonly<Record<string, string>>]>>;

/** For a cluster that has no texts at hand. */
export const noDescriptions: Descriptions = {};
