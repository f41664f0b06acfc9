/**
 * Tree-sitter grammars and, for each, a query that finds its definitions.
 *
 * In a query, @name is the name and the outer capture's name is the kind. A name found twice counts once, for the first pattern,
 * so special cases stand before general ones. @container names the enclosing definition where it does not enclose by position.
 */

export interface Grammar {
  /** tree-sitter-NAME.wasm */
  name: string;
  query: string;
}

const javascript = `
  (class_declaration name: (_) @name) @class
  (function_declaration name: (identifier) @name) @function
  (generator_function_declaration name: (identifier) @name) @function
  (method_definition name: (_) @name) @method
  (variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (generator_function)]) @function
  (variable_declarator name: (identifier) @name value: (class)) @class
  (assignment_expression left: (member_expression property: (property_identifier) @name)
    right: [(arrow_function) (function_expression) (generator_function)]) @function
  (assignment_expression left: (member_expression property: (property_identifier) @name) right: (class)) @class
  (pair key: (property_identifier) @name value: [(arrow_function) (function_expression) (generator_function)]) @method
  (program (lexical_declaration (variable_declarator name: (identifier) @name) @constant))
  (program (variable_declaration (variable_declarator name: (identifier) @name) @variable))
  (program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @constant)))
`;

const typescript = `
  ${javascript}
  (abstract_class_declaration name: (_) @name) @class
  (interface_declaration name: (_) @name) @interface
  (type_alias_declaration name: (_) @name) @type
  (enum_declaration name: (_) @name) @enum
  (function_signature name: (identifier) @name) @function
  (method_signature name: (_) @name) @method
  (abstract_method_signature name: (_) @name) @method
  (public_field_definition name: (_) @name value: [(arrow_function) (function_expression)]) @method
  (public_field_definition name: (_) @name) @field
  (internal_module name: (_) @name) @module
  (module name: (_) @name) @module
`;

/** The declarators in which C and C++ wrap a function's name. */
const functionName = "[(identifier) (field_identifier) (destructor_name) (operator_name) (qualified_identifier)] @name";
const cDeclarators = [
  `(function_declarator declarator: ${functionName})`,
  `(pointer_declarator declarator: (function_declarator declarator: ${functionName}))`,
  `(pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: ${functionName})))`,
  `(reference_declarator (function_declarator declarator: ${functionName}))`,
];

const cpp = `
  ${cDeclarators.map((declarator) => `(function_definition declarator: ${declarator}) @function`).join("\n")}
  (function_definition declarator: (operator_cast) @name) @function
  (class_specifier name: (_) @name body: (_)) @class
  (struct_specifier name: (_) @name body: (_)) @struct
  (union_specifier name: (_) @name body: (_)) @struct
  (enum_specifier name: (_) @name body: (_)) @enum
  (type_definition declarator: (type_identifier) @name) @type
  (alias_declaration name: (_) @name) @type
  (concept_definition name: (_) @name) @type
  (namespace_definition name: (_) @name) @module
  (preproc_def name: (identifier) @name) @constant
  (preproc_function_def name: (identifier) @name) @macro
  ${cDeclarators
    .slice(0, 2)
    .map((declarator) => `(declaration declarator: ${declarator}) @declaration (field_declaration declarator: ${declarator}) @declaration`)
    .join("\n")}
`;

const python = `
  (class_definition name: (identifier) @name) @class
  (function_definition name: (identifier) @name) @function
  (module (expression_statement (assignment left: (identifier) @name) @variable))
  (class_definition body: (block (expression_statement (assignment left: (identifier) @name) @field)))
  (module (type_alias_statement left: (type (identifier) @name)) @type)
`;

const goReceiver = `[
  (type_identifier) @container
  (pointer_type (type_identifier) @container)
  (generic_type type: (type_identifier) @container)
  (pointer_type (generic_type type: (type_identifier) @container))
]`;

const go = `
  (function_declaration name: (identifier) @name) @function
  (method_declaration receiver: (parameter_list (parameter_declaration type: ${goReceiver})) name: (field_identifier) @name) @method
  (type_spec name: (type_identifier) @name type: (interface_type)) @interface
  (type_spec name: (type_identifier) @name type: (struct_type)) @struct
  (type_spec name: (type_identifier) @name) @type
  (type_alias name: (type_identifier) @name) @type
  (method_elem name: (field_identifier) @name) @method
  (source_file (const_declaration (const_spec name: (identifier) @name) @constant))
  (source_file (var_declaration (var_spec name: (identifier) @name) @variable))
  (source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @variable)))
`;

const rust = `
  (function_item name: (_) @name) @function
  (function_signature_item name: (_) @name) @function
  (struct_item name: (_) @name) @struct
  (union_item name: (_) @name) @struct
  (enum_item name: (_) @name) @enum
  (trait_item name: (_) @name) @trait
  (impl_item type: (type_identifier) @name) @implementation
  (impl_item type: (generic_type type: (_) @name)) @implementation
  (mod_item name: (_) @name body: (_)) @module
  (type_item name: (_) @name) @type
  (const_item name: (_) @name) @constant
  (static_item name: (_) @name) @variable
  (macro_definition name: (_) @name) @macro
`;

const java = `
  (class_declaration name: (identifier) @name) @class
  (interface_declaration name: (identifier) @name) @interface
  (enum_declaration name: (identifier) @name) @enum
  (record_declaration name: (identifier) @name) @class
  (annotation_type_declaration name: (identifier) @name) @interface
  (method_declaration name: (identifier) @name) @method
  (constructor_declaration name: (identifier) @name) @method
  (compact_constructor_declaration name: (identifier) @name) @method
  (field_declaration declarator: (variable_declarator name: (identifier) @name)) @field
  (enum_constant name: (identifier) @name) @constant
`;

const csharp = `
  (class_declaration name: (identifier) @name) @class
  (interface_declaration name: (identifier) @name) @interface
  (struct_declaration name: (identifier) @name) @struct
  (record_declaration name: (identifier) @name) @class
  (enum_declaration name: (identifier) @name) @enum
  (delegate_declaration name: (identifier) @name) @type
  (method_declaration name: (identifier) @name) @method
  (constructor_declaration name: (identifier) @name) @method
  (local_function_statement name: (identifier) @name) @function
  (property_declaration name: (identifier) @name) @property
  (event_declaration name: (identifier) @name) @property
  (field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @field
  (enum_member_declaration name: (identifier) @name) @constant
  (namespace_declaration name: (_) @name) @module
`;

const ruby = `
  (class name: (_) @name) @class
  (module name: (_) @name) @module
  (method name: (_) @name) @method
  (singleton_method name: (_) @name) @method
  (assignment left: (constant) @name) @constant
`;

const php = `
  (class_declaration name: (name) @name) @class
  (interface_declaration name: (name) @name) @interface
  (trait_declaration name: (name) @name) @trait
  (enum_declaration name: (name) @name) @enum
  (function_definition name: (name) @name) @function
  (method_declaration name: (name) @name) @method
  (const_declaration (const_element (name) @name)) @constant
  (property_declaration (property_element (variable_name (name) @name))) @field
`;

const bash = `
  (function_definition name: (word) @name) @function
  (program (variable_assignment name: (variable_name) @name) @variable)
`;

const css = `
  (rule_set (selectors) @name) @rule
  (keyframes_statement (keyframes_name) @name) @rule
  (declaration (property_name) @name (#match? @name "^--")) @variable
`;

const ini = "(section (section_name (text) @name)) @section";

const powershell = `
  (function_statement (function_name) @name) @function
  (class_statement . (simple_name) @name) @class
  (enum_statement . (simple_name) @name) @enum
  (class_method_definition (simple_name) @name) @method
`;

/** By language id. C is read with the grammar of C++. */
export const grammars: Readonly<Record<string, Grammar>> = {
  javascript: { name: "javascript", query: javascript },
  javascriptreact: { name: "javascript", query: javascript },
  typescript: { name: "typescript", query: typescript },
  typescriptreact: { name: "tsx", query: typescript },
  python: { name: "python", query: python },
  go: { name: "go", query: go },
  rust: { name: "rust", query: rust },
  java: { name: "java", query: java },
  csharp: { name: "c-sharp", query: csharp },
  cpp: { name: "cpp", query: cpp },
  c: { name: "cpp", query: cpp },
  "cuda-cpp": { name: "cpp", query: cpp },
  ruby: { name: "ruby", query: ruby },
  php: { name: "php", query: php },
  shellscript: { name: "bash", query: bash },
  css: { name: "css", query: css },
  ini: { name: "ini", query: ini },
  powershell: { name: "powershell", query: powershell },
};
