// Columns over time: fetched once, then continued from the stream.

export class History {
  // columns: names; the answer of …/history has `at` and each of them.
  constructor(columns, answer, limit = 720) {
    this.columns = columns;
    this.step = answer.step_seconds;
    this.limit = limit;
    this.at = [...answer.at];
    this.data = columns.map((name) => [...answer[name]]);
  }

  // A new point once a step has passed; before that the last one is brought up to date.
  push(at, values) {
    const last = this.at.length - 1;
    const begun = last > 0 && this.growing && at - this.at[last - 1] < this.step;
    if (begun) {
      this.at[last] = at;
      this.data.forEach((column, i) => { column[last] = values[i]; });
      return;
    }
    if (last >= 0 && at <= this.at[last]) return;
    this.growing = true;
    this.at.push(at);
    this.data.forEach((column, i) => column.push(values[i]));
    while (this.at.length > this.limit) {
      this.at.shift();
      this.data.forEach((column) => column.shift());
    }
  }

  column(name) {
    return this.data[this.columns.indexOf(name)];
  }
}

export function seconds(text) {
  return new Date(text).getTime() / 1000;
}
