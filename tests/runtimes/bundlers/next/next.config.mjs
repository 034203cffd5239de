// Where the packages of the tests are, and the project with them.
export default { turbopack: { root: process.env.TIDEGATE_NEXT_ROOT } };
