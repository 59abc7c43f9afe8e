/** The product's mark: the bars of a waybill, and what was delivered. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <path
        d="M6 8v16M9.5 8v16M14 8v9M17 8v9M21 8v9M26 8v16"
        stroke="#f4f2ec"
        strokeWidth="2.1"
        strokeLinecap="round"
      />
      <path
        d="M13 22.6l2.6 2.6 5.8-6"
        stroke="#5fd0b4"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
