/** For `bodySerializer`: a form with files. Lists are sent as repeated fields. */
export function asForm(body: object = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(body)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) form.append(name, each instanceof Blob ? each : String(each));
    }
  }
  return form;
}
