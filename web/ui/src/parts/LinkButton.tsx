import { Button, type ButtonProps } from "antd";
import { useNavigate } from "react-router";

/** A link that looks like a button; a plain click stays in the page, Ctrl+click opens a new tab. */
export function LinkButton({ to, ...rest }: ButtonProps & { to: string }) {
  const go = useNavigate();
  return (
    <Button
      {...rest}
      href={to}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        void go(to);
      }}
    />
  );
}
