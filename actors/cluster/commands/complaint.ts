/** Something that the user of the command has to know in one line, instead of a stack. */
export class Complaint extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Complaint';
  }
}
