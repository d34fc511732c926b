/** What the bank would reject of what is typed into the staff's log-in: its own contract says, before anything is sent. */
import { logInStaff } from '../../../api/src/calls/staff.ts';

const { shape } = logInStaff.body;

export type LogInForm = { readonly username: string; readonly password: string; readonly code?: string };

/** The name of the sentence that says what is wrong. */
export function faultInLogIn(form: LogInForm): 'usernameWrong' | 'passwordWrong' | 'codeWrong' | undefined {
  if (!shape.username.safeParse(form.username).success) return 'usernameWrong';
  if (!shape.password.safeParse(form.password).success) return 'passwordWrong';
  return shape.code.safeParse(form.code).success ? undefined : 'codeWrong';
}
